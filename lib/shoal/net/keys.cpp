#include <algorithm>
#include <array>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include <zmq.h>

#include <shoal/base/error.hpp>
#include <shoal/base/fd.hpp>
#include <shoal/base/trim.hpp>
#include <shoal/net/keys.hpp>

namespace shoal::net {
namespace {

constexpr std::size_t key_length = 40;

Error refused(const std::filesystem::path& file, const std::string& why) {
  return Error("cannot use " + file.string() + ": " + why, ExitCode::not_allowed);
}

/// The value of `name = "value"`, quoted either way or not; empty when the line is none.
std::string_view value_of(std::string_view line, std::string_view name) {
  std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || trim(line.substr(0, equals)) != name) return {};
  std::string_view value = trim(line.substr(equals + 1));
  if (value.size() < 2 || (value.front() != '"' && value.front() != '\'')) return value;
  if (value.back() != value.front()) return {};
  return value.substr(1, value.size() - 2);
}

bool is_key(const std::string& text) {
  std::array<std::uint8_t, 32> raw{};
  return text.size() == key_length && zmq_z85_decode(raw.data(), text.c_str()) != nullptr;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  if (!in)
    throw refused(file, "it does not read; name one that is there and that this user may read");
  return content.str();
}

std::string header() {
  std::array<char, 64> stamp{};
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(stamp.data(), stamp.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return std::string("#   Generated on ") + stamp.data() + " by shoal\n";
}

std::string public_text(const KeyPair& pair) {
  return header() + "#   ZeroMQ CURVE Public Certificate\n#   Copy it to where it is trusted.\n\n" +
         "metadata\ncurve\n    public-key = \"" + pair.public_key + "\"\n";
}

std::string secret_text(const KeyPair& pair) {
  return header() + "#   ZeroMQ CURVE **Secret** Certificate\n#   Never give it to anyone.\n\n" +
         "metadata\ncurve\n    public-key = \"" + pair.public_key + "\"\n    secret-key = \"" +
         pair.secret_key + "\"\n";
}

Fd create(const std::filesystem::path& file, mode_t mode) {
  Fd fd(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd && errno == EEXIST) {
    throw Error(file.string() + " exists already; remove it or choose another name",
                ExitCode::not_allowed);
  }
  if (!fd) throw system_error("cannot create " + file.string());
  return fd;
}

void write_all(const Fd& fd, const std::filesystem::path& file, std::string_view text) {
  while (!text.empty()) {
    ssize_t count = write(fd.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("cannot write " + file.string());
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (fsync(fd.get()) != 0) throw system_error("cannot write " + file.string());
}

TrustedKey read_trusted_key(const std::filesystem::path& file) {
  Result<KeyPair> pair = parse_key_file(read_file(file));
  if (!pair) throw refused(file, pair.reason() + "; give a .pub file that shoal keygen wrote");
  return {.name = file.stem().string(), .public_key = pair->public_key};
}

}  // namespace

KeyPair make_key_pair() {
  std::array<char, key_length + 1> public_key{};
  std::array<char, key_length + 1> secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    throw Error("this libzmq has no CURVE; install one that is built with libsodium");
  }
  return {.public_key = public_key.data(), .secret_key = secret_key.data()};
}

void write_new_keys(const std::filesystem::path& name) {
  std::filesystem::path public_file = name.string() + ".pub";
  std::filesystem::path secret_file = name.string() + ".key";
  KeyPair pair = make_key_pair();
  Fd secret = create(secret_file, 0600);
  try {
    Fd open_to_all = create(public_file, 0644);
    write_all(secret, secret_file, secret_text(pair));
    write_all(open_to_all, public_file, public_text(pair));
  } catch (...) {
    unlink(secret_file.c_str());
    throw;
  }
}

std::string read_secret_file(const std::filesystem::path& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw refused(file, "others may read it; chmod 600 it");
  }
  return read_file(file);
}

KeyPair read_key_pair(const std::filesystem::path& file) {
  Result<KeyPair> pair = parse_key_file(read_secret_file(file));
  if (!pair) throw refused(file, pair.reason() + "; give a .key file that shoal keygen wrote");
  if (pair->secret_key.empty()) throw refused(file, "it has no secret key; give the .key file");
  std::array<char, key_length + 1> derived{};
  if (zmq_curve_public(derived.data(), pair->secret_key.c_str()) != 0 ||
      pair->public_key != derived.data()) {
    throw refused(
        file, "its public key is not that of its secret key; make a new pair with shoal keygen");
  }
  return *std::move(pair);
}

std::vector<TrustedKey> read_trusted_keys(const std::filesystem::path& folder_or_file) {
  std::error_code error;
  std::vector<TrustedKey> keys;
  if (!std::filesystem::is_directory(folder_or_file, error)) {
    return {read_trusted_key(folder_or_file)};
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder_or_file, error)) {
    if (entry.path().extension() == ".pub") keys.push_back(read_trusted_key(entry.path()));
  }
  if (error) throw refused(folder_or_file, error.message() + "; let this user read the folder");
  if (keys.empty()) {
    throw refused(folder_or_file, "no NAME.pub in it; copy there the public keys to trust");
  }
  std::sort(keys.begin(), keys.end(),
            [](const TrustedKey& a, const TrustedKey& b) { return a.name < b.name; });
  return keys;
}

Result<KeyPair> parse_key_file(std::string_view content) {
  KeyPair pair;
  bool in_curve = false;
  while (!content.empty()) {
    std::size_t end = content.find('\n');
    std::string_view line = content.substr(0, end);
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    if (trim(line).empty() || trim(line)[0] == '#') continue;
    bool section = line[0] != ' ' && line[0] != '\t';
    if (section) in_curve = trim(line) == "curve";
    if (section || !in_curve) continue;
    if (std::string_view key = value_of(line, "public-key"); !key.empty()) pair.public_key = key;
    if (std::string_view key = value_of(line, "secret-key"); !key.empty()) pair.secret_key = key;
  }
  if (!is_key(pair.public_key)) return Failure{"it has no CURVE public key"};
  if (!pair.secret_key.empty() && !is_key(pair.secret_key)) {
    return Failure{"its secret key is not a CURVE key"};
  }
  return pair;
}

}  // namespace shoal::net
