#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/base/fd.hpp>
#include <shoal/runtime/reactor.hpp>
#include <shoal/runtime/read_buffer.hpp>

namespace shoal::runtime {

struct BlockSourceOptions {
  std::vector<std::string> files;         ///< read one after another; `-` and none at all are stdin
  char delimiter = '\n';                  ///< ends each record
  bool whole = false;                     ///< each file is one record, with no delimiter
  std::size_t block_bytes = 256UL << 10;  ///< most in a block, but for a record that is longer
  std::size_t max_record = 64UL << 20;    ///< bytes of one record; a longer one is a failure,
  bool leave_out_long = false;            ///< or is left out, and next() tells of it
};

/// What BlockSource::next() has.
struct Pulled {
  enum class Kind {
    block,     ///< `bytes` with `count` records
    left_out,  ///< in the place of a record of `size` bytes, which is too long
    later,     ///< nothing yet; on_ready will tell
    end,       ///< all input has been given
    failed,    ///< no further; `reason` is a line for people
  };

  Kind kind = Kind::end;
  Bytes bytes = {};
  std::uint64_t count = 0;
  std::uint64_t size = 0;
  std::string reason = {};
};

/// Input as blocks of whole records. Every record of a block ends with the delimiter; the last of
/// an input gets it where it lacks one. The caller pulls, and nothing is read that it has not asked
/// for: to pause, it does not call next().
///
/// Reads only what is there: a slow pipe yields what whole records it holds. stdin is never made
/// non-blocking, since whoever shares it would be surprised. Used on the Reactor's thread only.
class BlockSource {
 public:
  /// `on_ready` is called from the Reactor after next() answered `later`, when there is something
  /// to ask for again. Files are opened as their turn comes.
  BlockSource(Reactor& reactor, BlockSourceOptions options, std::function<void()> on_ready);
  BlockSource(const BlockSource&) = delete;
  BlockSource& operator=(const BlockSource&) = delete;

  /// The next block; does not wait.
  Pulled next();

  /// The input that the last block or failure came from, for people, and how many records have been
  /// given of it.
  const std::string& name() const noexcept { return name_; }
  std::uint64_t input_records() const noexcept { return input_records_; }

  std::uint64_t records() const noexcept { return records_; }  ///< given so far
  std::uint64_t bytes() const noexcept { return bytes_; }  ///< given so far, delimiters included

 private:
  enum class Fill { full, blocked, ended, failed };

  std::optional<Pulled> next_of_input();
  bool open_input();
  void close_input();
  Fill fill();
  std::size_t whole_records();
  void end_last_record();
  void refuse_record();
  std::optional<Pulled> leave_out(Fill filled);
  Pulled give(std::size_t bytes);
  Pulled wait();
  Pulled breathe();
  void ready_again();
  std::string too_long() const;

  Reactor& reactor_;
  BlockSourceOptions options_;
  std::function<void()> on_ready_;
  std::size_t next_file_ = 0;
  std::string failure_;

  // The input being read
  std::string name_;
  Fd opened_;
  int fd_ = -1;
  bool ended_ = false;
  std::uint64_t input_records_ = 0;
  std::size_t target_ = 0;         // how many bytes to gather before looking for records
  std::size_t searched_ = 0;       // how much of what is pending holds no delimiter
  bool leaving_out_ = false;       // inside a record that is too long
  std::uint64_t left_out_ = 0;     // how much of it has come
  std::uint64_t next_breath_ = 0;  // at how much of it others get their turn

  ReadBuffer buffer_;
  Registration waiting_;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace shoal::runtime
