#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/id.hpp>
#include <shoal/base/seq_set.hpp>

namespace shoal::store {

/// What a ledger knows of a job. Numbers stay below 2^62.
struct JobRow {
  Id job;
  std::string name{};                    ///< as the user gave it; empty when only the id is known
  SeqSet done{};                         ///< tasks settled well
  SeqSet failed{};                       ///< tasks settled by failing
  std::optional<std::uint64_t> total{};  ///< how many tasks there are; nothing until that is known
  bool closed = false;                   ///< nothing more is to come or to do
  std::string facts{};                   ///< the owner's own bytes

  friend bool operator==(const JobRow&, const JobRow&) = default;
};

/// A prefix of a job's input.
struct InputMark {
  Seq tasks = 0;            ///< how many tasks it holds
  std::uint64_t bytes = 0;  ///< how long it is
  std::uint64_t hash = 0;   ///< XXH3-64 of those bytes (InputHash)

  friend bool operator==(const InputMark&, const InputMark&) = default;
};

/// A result set aside in a spool until its turn; `offset` and `size` are its Spool::Slot.
struct SpoolRow {
  Id job;
  SeqRange range;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string note{};  ///< the owner's own bytes

  friend bool operator==(const SpoolRow&, const SpoolRow&) = default;
};

/// How far a stream has been read.
struct CursorRow {
  Id stream;
  std::uint64_t epoch = 0;  ///< of the publisher that it was brought there by
  std::uint64_t next = 0;   ///< the offset to go on with

  friend bool operator==(const CursorRow&, const CursorRow&) = default;
};

/// What survives `kill -9`: a sink's ledger beside its output, a ventilator's
/// journal, a subscriber's cursors. A small
/// SQLite file that one process at a time holds; FORMAT.md tells what is in it.
///
/// Changes are staged as they are made, and become durable together, all or nothing, when commit()
/// returns. What is staged and not committed is gone with this object. The readers see what is
/// staged. Errors are final: after the first, every call throws that same Error (a full disk with
/// ExitCode::incomplete), and only a new start goes on. One thread; commit() blocks on the disk.
class Ledger {
 public:
  /// Opens the ledger at `path`, or creates it, for one `purpose` ("sink", "ventilator",
  /// "subscriber"). Throws
  /// Error: with ExitCode::bad_data when the file is damaged, no ledger, of another format or of
  /// another purpose; with ExitCode::error when another process has it open or it cannot be
  /// written.
  Ledger(std::filesystem::path path, std::string_view purpose);
  ~Ledger();

  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// Random, made when the ledger was created; never changes.
  const Id& id() const noexcept;

  /// Whether this object created the ledger.
  bool created() const noexcept;

  /// All jobs, in the order in which they were first put.
  std::vector<JobRow> jobs() const;

  /// The marks of `job`, the shortest prefix first.
  std::vector<InputMark> marks(const Id& job) const;

  /// The committed length of each file.
  std::map<std::string, std::uint64_t> lengths() const;

  /// What is set aside, ordered by job and first task.
  std::vector<SpoolRow> spooled() const;

  /// All cursors, ordered by stream.
  std::vector<CursorRow> cursors() const;

  /// Puts a job, in place of what was known of it.
  void put_job(const JobRow& row);

  /// Adds a mark, in place of one of the same job and number of tasks.
  void add_mark(const Id& job, InputMark mark);

  /// Forgets the mark of a job at that number of tasks; nothing happens when there is none.
  void drop_mark(const Id& job, Seq tasks);

  /// Puts the length of a file, which the owner has synced up to there.
  void put_length(std::string_view file, std::uint64_t bytes);

  /// Adds what was set aside, in place of a row of the same job and first task. The spool is synced
  /// before commit().
  void add_spooled(const SpoolRow& row);

  /// Forgets what was set aside; nothing happens when there is no such row. The slot itself is
  /// dropped after commit().
  void drop_spooled(const Id& job, Seq first);

  /// Puts a cursor, in place of one of the same stream.
  void put_cursor(const CursorRow& row);

  /// Deletes every row; only id() and the purpose stay.
  void forget_everything_but_id();

  /// Makes all that is staged durable. Costs nothing when nothing is.
  void commit();

 private:
  struct Tables;

  void stage();

  std::unique_ptr<Tables> tables_;
};

}  // namespace shoal::store
