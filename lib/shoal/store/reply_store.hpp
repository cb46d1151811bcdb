#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <shoal/base/id.hpp>

namespace shoal::store {

/// A reply and who made it.
struct KeptReply {
  Id from;
  std::string output;
};

/// The last good reply to each request body, for when nobody can answer: a small SQLite file that
/// one process at a time holds (FORMAT.md). What it holds is bounded; the oldest goes first. Losing
/// it loses nothing but that. Errors are final, as in Database. One thread.
class ReplyStore {
 public:
  /// Opens the file, or creates it. `most_bytes` of replies are kept. Throws Error as Ledger does.
  ReplyStore(std::filesystem::path path, std::uint64_t most_bytes);
  ~ReplyStore();
  ReplyStore(const ReplyStore&) = delete;
  ReplyStore& operator=(const ReplyStore&) = delete;

  /// Keeps a reply in place of an earlier one to the same body; one that is larger than all may be
  /// is not kept. `at_ms` is the time since 1970 in milliseconds.
  void keep(std::string_view body, const KeptReply& reply, std::uint64_t at_ms);

  /// The reply to `body`, where there is one no older than `since_ms`.
  std::optional<KeptReply> find(std::string_view body, std::uint64_t since_ms);

  /// Makes durable what was kept. Costs nothing when nothing was.
  void commit();

 private:
  struct Tables;

  void drop_oldest();

  std::uint64_t most_bytes_;
  std::unique_ptr<Tables> tables_;
};

}  // namespace shoal::store
