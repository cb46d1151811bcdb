#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/base/seq_set.hpp>

namespace shoal::wire {

/// How the records of a batch stand in its payload.
enum class Framing : std::uint8_t {
  lines = 0,   ///< each record ends with the delimiter, which occurs nowhere else
  sized = 1,   ///< records follow one another; their sizes stand in the head
  opaque = 2,  ///< one blob for the whole batch: it cannot be cut
};

/// Consecutive tasks, or the results of consecutive tasks, of one job. Cutting a batch copies no
/// payload: it yields slices of the same block.
struct Batch {
  SeqRange range;
  Framing framing = Framing::lines;
  char delimiter = '\n';             ///< of `lines`
  std::vector<std::uint32_t> sizes;  ///< of `sized`: one a record, in bytes
  Bytes payload;

  /// The records of `part`, which must lie within range; asserts that the batch is not opaque,
  /// unless `part` is all of it. Costs a look at each record up to the end of `part`.
  Batch slice(SeqRange part) const;

  /// The record at `seq`, with its delimiter where it has one.
  Bytes record(Seq seq) const { return slice({seq, 1}).payload; }

  /// Calls `each` for one record after another, with its delimiter where it has one; an opaque
  /// batch is one record. To be preferred to record() for many.
  void each_record(const std::function<void(Seq, std::string_view)>& each) const;

  /// Whether the payload is what framing, count and sizes say, as a batch from a peer must be seen
  /// to be before anything else is done with it.
  bool well_formed() const;
};

/// A batch of one record of `sized` framing; `payload` is shorter than 4 GiB.
Batch sized_record(Seq seq, Bytes payload);

/// Batches that follow one another as one, with a copy of their payloads; nothing when their
/// framing does not allow it. A single batch is passed through.
std::optional<Batch> join(const std::vector<Batch>& batches);

/// `text` without a single `delimiter` at its end.
std::string_view without_delimiter(std::string_view text, char delimiter);

}  // namespace shoal::wire
