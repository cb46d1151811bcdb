#include "support/temp_dir.hpp"

#include <cstdlib>
#include <fstream>

#include <shoal/base/error.hpp>

namespace shoal::test {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "shoal-test-XXXXXX").string();
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

}  // namespace shoal::test
