#include <utility>

#include <shoal/store/file_kind.hpp>
#include <shoal/store/format.hpp>
#include <shoal/store/reply_store.hpp>

namespace shoal::store {
namespace {

constexpr FileKind kind{"reply store", replies_application_id, replies_format, replies_schema};

// What a row takes beside its output.
constexpr std::uint64_t row_bytes = 64;

}  // namespace

struct ReplyStore::Tables {
  explicit Tables(std::filesystem::path path)
      : database(std::move(path)),
        created(open_as(
            database, kind, [] {}, [] {})) {
    bytes = database.number("SELECT coalesce(sum(length(output)), 0) + 64 * count(*) FROM reply");
  }

  Database database;  // first, because the statements below must not outlive it
  bool created;
  bool staged = false;
  std::uint64_t bytes = 0;
  Statement size_of{database, "SELECT length(output) FROM reply WHERE body = ?"};
  Statement put{database,
                "INSERT OR REPLACE INTO reply (body, at, node, output, sum)"
                " VALUES (?1, ?2, ?3, ?4, xxh3(?1, ?2, ?3, ?4))"};
  Statement get{database, "SELECT node, output FROM reply WHERE body = ? AND at >= ?"};
  Statement oldest{database, "SELECT body, length(output) FROM reply ORDER BY at LIMIT 1"};
  Statement drop{database, "DELETE FROM reply WHERE body = ?"};
};

ReplyStore::ReplyStore(std::filesystem::path path, std::uint64_t most_bytes)
    : most_bytes_(most_bytes), tables_(std::make_unique<Tables>(std::move(path))) {}

ReplyStore::~ReplyStore() = default;

void ReplyStore::keep(std::string_view body, const KeptReply& reply, std::uint64_t at_ms) {
  if (reply.output.size() + row_bytes > most_bytes_) return;
  if (!std::exchange(tables_->staged, true)) tables_->database.execute("BEGIN");
  Id key = Id::of_name(body);
  if (tables_->size_of.with(key.bytes()).next()) {
    tables_->bytes -= tables_->size_of.number(0) + row_bytes;
  }
  tables_->put.with(key.bytes(), at_ms, reply.from.bytes(), std::string_view(reply.output)).run();
  tables_->bytes += reply.output.size() + row_bytes;
  while (tables_->bytes > most_bytes_) drop_oldest();
}

void ReplyStore::drop_oldest() {
  if (!tables_->oldest.with().next()) {
    tables_->bytes = 0;
    return;
  }
  std::string key = tables_->oldest.bytes(0);
  std::uint64_t size = tables_->oldest.number(1) + row_bytes;
  tables_->drop.with(std::string_view(key)).run();
  tables_->bytes -= std::min(size, tables_->bytes);
}

std::optional<KeptReply> ReplyStore::find(std::string_view body, std::uint64_t since_ms) {
  if (!tables_->get.with(Id::of_name(body).bytes(), since_ms).next()) return std::nullopt;
  return KeptReply{.from = Id::from_bytes(tables_->get.bytes(0)).value_or(Id()),
                   .output = tables_->get.bytes(1)};
}

void ReplyStore::commit() {
  if (std::exchange(tables_->staged, false)) tables_->database.commit();
}

}  // namespace shoal::store
