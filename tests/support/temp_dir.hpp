#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace shoal::test {

/// A folder of the test's own, removed with all in it. In memory where there is such a file system:
/// what the tests kill is processes, not power.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  std::string file(std::string_view name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

  /// Writes `content` to `name` in one step, as a careful editor does.
  std::filesystem::path write(std::string_view name, std::string_view content) const;
  std::string read(std::string_view name) const;

 private:
  std::filesystem::path path_;
};

}  // namespace shoal::test
