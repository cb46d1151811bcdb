#include <utility>

#include <shoal/store/file_kind.hpp>
#include <shoal/store/format.hpp>
#include <shoal/store/post_store.hpp>

namespace shoal::store {
namespace {

constexpr FileKind kind{"post store", posts_application_id, posts_format, posts_schema};

}  // namespace

struct PostStore::Tables {
  explicit Tables(std::filesystem::path path)
      : database(std::move(path)),
        created(open_as(
            database, kind, [] {}, [] {})) {
    count = database.number("SELECT count(*) FROM post");
  }

  Database database;  // first, because the statements below must not outlive it
  bool created;
  bool staged = false;
  std::uint64_t count = 0;
  Statement all{database, "SELECT author, seq, clock, head, body FROM post ORDER BY author, seq"};
  Statement put{database,
                "INSERT OR IGNORE INTO post (author, seq, clock, head, body, sum)"
                " VALUES (?1, ?2, ?3, ?4, ?5, xxh3(?1, ?2, ?3, ?4, ?5))"};
  Statement drop{database,
                 "DELETE FROM post WHERE (author, seq) IN "
                 "(SELECT author, seq FROM post ORDER BY clock LIMIT ?)"};
};

PostStore::PostStore(std::filesystem::path path, std::uint64_t most)
    : most_(most), tables_(std::make_unique<Tables>(std::move(path))) {}

PostStore::~PostStore() = default;

void PostStore::load(const std::function<void(PostRow)>& take) {
  Statement& row = tables_->all.with();
  while (row.next()) {
    take({.author = Id::from_bytes(row.bytes(0)).value_or(Id()),
          .seq = row.number(1),
          .clock = row.number(2),
          .head = row.bytes(3),
          .body = row.bytes(4)});
  }
}

void PostStore::add(const PostRow& row) {
  if (!std::exchange(tables_->staged, true)) tables_->database.execute("BEGIN");
  tables_->put
      .with(row.author.bytes(), row.seq, row.clock, std::string_view(row.head),
            std::string_view(row.body))
      .run();
  ++tables_->count;
}

void PostStore::commit() {
  if (!std::exchange(tables_->staged, false)) return;
  // Many at a time, because each time goes through the index.
  std::uint64_t surplus = tables_->count > most_ ? tables_->count - most_ : 0;
  if (surplus > most_ / 16) {
    tables_->drop.with(surplus).run();
    tables_->count = tables_->database.number("SELECT count(*) FROM post");
  }
  tables_->database.commit();
}

}  // namespace shoal::store
