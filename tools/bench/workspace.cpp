#include "workspace.hpp"

#include <arpa/inet.h>
#include <cstdlib>
#include <fstream>
#include <netinet/in.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <shoal/base/error.hpp>
#include <shoal/base/fd.hpp>
#include <shoal/base/scan.hpp>

namespace shoal::bench {
namespace {

bool is_free(std::uint16_t port) {
  Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return fd && bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Below the range from which dialling sockets get theirs.
std::uint16_t free_port() {
  std::random_device random;
  std::uniform_int_distribution<int> any(20'000, 32'000);
  while (true) {
    auto port = static_cast<std::uint16_t>(any(random));
    if (is_free(port)) return port;
  }
}

}  // namespace

Workspace::Workspace(Transport transport) : transport_(transport) {
  std::string pattern = (std::filesystem::temp_directory_path() / "shoal-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw system_error("cannot make a folder " + pattern);
  folder_ = pattern;
}

Workspace::~Workspace() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Workspace::fresh(const std::string& name) {
  return (folder_ / (name + "." + std::to_string(++next_))).string();
}

std::string Workspace::endpoint() {
  if (transport_ == Transport::ipc) return "ipc://" + fresh("socket");
  return "tcp://127.0.0.1:" + std::to_string(free_port());
}

Input Workspace::write_lines(std::uint64_t lines, std::uint64_t line_bytes) {
  Input input{.file = fresh("lines"), .lines = lines};
  std::ofstream out(input.file, std::ios::binary);
  for (std::uint64_t number = 1; number <= lines; ++number) {
    std::string line = std::to_string(number);
    if (line.size() + 1 < line_bytes) line.resize(line_bytes - 1, '.');
    line += '\n';
    input.bytes += line.size();
    out << line;
  }
  out.close();
  if (!out) throw system_error("cannot write " + input.file);
  return input;
}

void Workspace::check_output(const std::string& file, const Input& input) const {
  std::ifstream in(file, std::ios::binary);
  std::vector<char> block(1UL << 20);
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    std::string_view text(block.data(), static_cast<std::size_t>(in.gcount()));
    lines += count_byte(text, '\n');
    bytes += text.size();
  }
  if (lines != input.lines || bytes != input.bytes) {
    throw Error("an output has " + std::to_string(lines) + " lines and " + std::to_string(bytes) +
                " bytes where its input had " + std::to_string(input.lines) + " and " +
                std::to_string(input.bytes));
  }
  std::filesystem::remove(file);
}

}  // namespace shoal::bench
