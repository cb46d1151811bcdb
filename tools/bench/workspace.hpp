#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace shoal::bench {

/// How endpoints are made.
enum class Transport { tcp, ipc };

/// The lines that all sides move, in a file.
struct Input {
  std::string file;
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
};

/// A temporary directory with the inputs, the outputs and what the processes said; removed at the
/// end.
class Workspace {
 public:
  /// Throws Error: no such directory can be made.
  explicit Workspace(Transport transport);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// A file in the directory that does not exist yet; `name` is a part of it.
  std::string fresh(const std::string& name);

  /// Where nobody listens yet, on this machine.
  std::string endpoint();

  /// Writes the numbers from 1 on, one a line; with `line_bytes` padded to so many, line feed
  /// included. Throws Error when the file cannot be written.
  Input write_lines(std::uint64_t lines, std::uint64_t line_bytes);

  /// Throws Error unless `file` holds as many lines and bytes as `input`; removes it.
  void check_output(const std::string& file, const Input& input) const;

 private:
  std::filesystem::path folder_;
  Transport transport_;
  unsigned next_ = 0;
};

}  // namespace shoal::bench
