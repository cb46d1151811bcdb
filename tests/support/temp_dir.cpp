#include "support/temp_dir.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <shoal/base/error.hpp>

namespace shoal::test {

TempDir::TempDir() {
  namespace fs = std::filesystem;
  fs::path root = fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path();
  std::string name = (root / "shoal-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw system_error("cannot create " + name);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TempDir::write(std::string_view name, std::string_view content) const {
  std::filesystem::path file = path_ / name;
  std::filesystem::path fresh = file.string() + ".new";
  std::ofstream(fresh, std::ios::binary) << content;
  std::filesystem::rename(fresh, file);
  return file;
}

std::string TempDir::read(std::string_view name) const {
  std::ifstream in(path_ / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace shoal::test
