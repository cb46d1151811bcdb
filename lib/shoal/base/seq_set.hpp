#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/result.hpp>

namespace shoal {

/// The place of a task in its job, counted from 0.
using Seq = std::uint64_t;

/// Consecutive numbers: `first`, `first + 1`, ... `count` of them.
struct SeqRange {
  Seq first = 0;
  std::uint64_t count = 0;

  Seq end() const noexcept { return first + count; }  ///< one past the last
  bool contains(Seq seq) const noexcept { return seq >= first && seq - first < count; }

  friend bool operator==(const SeqRange&, const SeqRange&) = default;
};

/// The numbers that `a` and `b` share; count 0 when none.
SeqRange intersect(SeqRange a, SeqRange b);

/// A set of numbers kept as ranges: which tasks of a job are settled, which batches were seen. Its
/// memory grows with the number of gaps, not with the number of members.
class SeqSet {
 public:
  SeqSet() = default;

  /// Adds every number of `range`; returns how many were new.
  std::uint64_t insert(SeqRange range);

  /// Removes every number of `range` that is in; returns how many were.
  std::uint64_t erase(SeqRange range);

  bool contains(Seq seq) const;

  /// Whether every number of `range` is in.
  bool contains(SeqRange range) const;

  /// The parts of `range` that are not in, in order.
  std::vector<SeqRange> missing(SeqRange range) const;

  /// The parts of `range` that are in, in order.
  std::vector<SeqRange> present(SeqRange range) const;

  /// The smallest number from `from` on that is not in.
  Seq first_missing(Seq from = 0) const;

  std::uint64_t count() const noexcept { return count_; }  ///< how many numbers are in
  bool empty() const noexcept { return count_ == 0; }

  /// All ranges in order; neither overlapping nor touching.
  std::vector<SeqRange> ranges() const;

  /// The set as bytes for a file or a message (FORMAT.md, "Number sets"), and back. decode refuses
  /// anything encode does not write.
  std::string encode() const;
  static Result<SeqSet> decode(std::string_view bytes);

  friend bool operator==(const SeqSet&, const SeqSet&) = default;

 private:
  using Ranges = std::map<Seq, Seq>;  // first -> one past the last

  Ranges::const_iterator first_ending_after(Seq seq) const;

  Ranges ranges_;
  std::uint64_t count_ = 0;
};

}  // namespace shoal
