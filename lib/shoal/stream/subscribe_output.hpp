#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include <shoal/base/fd.hpp>
#include <shoal/runtime/byte_sink.hpp>
#include <shoal/runtime/reactor.hpp>
#include <shoal/store/cursor_file.hpp>
#include <shoal/stream/reader_core.hpp>

namespace shoal::stream {

struct SubscribeOutputOptions {
  std::optional<std::filesystem::path> output{};  ///< none: stdout
  std::optional<std::filesystem::path> cursor{};  ///< keeps where the reader of streams stands
};

/// Where a subscriber's output goes, and with a cursor file where it stands: with a file for the
/// output both go on together, exactly once; on stdout the cursor follows what was written, at
/// least once. Reactor's thread only.
class SubscribeOutput {
 public:
  /// Without a cursor file an output is emptied; with one it is gone on with. Throws Error as
  /// CursorFile does, and for an output that cannot be written or that another process writes.
  SubscribeOutput(runtime::Reactor& reactor, SubscribeOutputOptions options);
  SubscribeOutput(const SubscribeOutput&) = delete;
  SubscribeOutput& operator=(const SubscribeOutput&) = delete;

  /// As a former run left them.
  std::map<Id, Cursor> cursors() const;

  void write(Bytes text);

  /// What `delivery` brought has been given to write().
  void put(Delivery delivery);

  /// Those of the deliveries put that are now as durable as they will be, in order. Throws Error
  /// when the output cannot be written.
  std::vector<Delivery> take_settled();

  /// Makes everything that can be as durable as it will be, now.
  void commit();

  std::size_t pending_bytes() const { return sink_ ? sink_->pending_bytes() : 0; }

  /// Whether all has been written and committed.
  bool settled() const { return waiting_.empty() && settled_.empty() && pending_bytes() == 0; }

  /// Whether nobody reads the output any more.
  bool closed() const;

 private:
  struct Waiting {
    Delivery delivery;
    std::uint64_t end;  // of the output, behind it
  };

  void commit_due();

  runtime::Reactor& reactor_;
  std::optional<store::CursorFile> cursor_;
  Fd file_;
  std::optional<runtime::ByteSink> sink_;  // none: the cursor file has the output, too
  std::uint64_t written_ = 0;              // given to write()
  std::uint64_t committed_ = 0;            // of these, when the cursor file was last committed
  Time last_commit_{};
  std::deque<Waiting> waiting_;
  std::vector<Delivery> settled_;
  runtime::Registration committing_;
};

}  // namespace shoal::stream
