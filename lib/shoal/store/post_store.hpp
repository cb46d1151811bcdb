#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <shoal/base/id.hpp>

namespace shoal::store {

/// A chat post as it is kept: the message that carries it, and what orders it.
struct PostRow {
  Id author;
  std::uint64_t seq = 0;
  std::uint64_t clock = 0;
  std::string head;
  std::string body;
};

/// What a chat-peer holds, across its restarts: a SQLite file that one process at a time has open
/// (FORMAT.md, "Post store"). Bounded; the oldest go first. Errors are final, as in Database. One
/// thread.
class PostStore {
 public:
  /// Opens the file, or creates it; at least `most` posts are kept. Throws Error as Ledger does.
  PostStore(std::filesystem::path path, std::uint64_t most);
  ~PostStore();
  PostStore(const PostStore&) = delete;
  PostStore& operator=(const PostStore&) = delete;

  /// Every post, each author's in order.
  void load(const std::function<void(PostRow)>& take);

  /// Keeps one more; one that is there already stays as it is.
  void add(const PostRow& row);

  /// Makes durable what was added. Costs nothing when nothing was.
  void commit();

 private:
  struct Tables;

  std::uint64_t most_;
  std::unique_ptr<Tables> tables_;
};

}  // namespace shoal::store
