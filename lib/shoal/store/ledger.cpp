#include <utility>

#include <shoal/store/database.hpp>
#include <shoal/store/file_kind.hpp>
#include <shoal/store/format.hpp>
#include <shoal/store/ledger.hpp>

namespace shoal::store {
namespace {

constexpr FileKind kind{"ledger", ledger_application_id, ledger_format, ledger_schema};

bool open(Database& database, std::string_view purpose) {
  auto fill = [&] {
    Statement(database,
              "INSERT INTO ledger (only, id, purpose, sum) VALUES (1, ?1, ?2, xxh3(?1, ?2))")
        .with(Id::random().bytes(), Text{purpose})
        .run();
  };
  auto check = [&] {
    std::string owner = database.text("SELECT purpose FROM ledger");
    if (owner == purpose) return;
    throw Error(database.path().string() + " belongs to a " + owner + ", not to a " +
                    std::string(purpose) + "; name another file",
                ExitCode::bad_data);
  };
  return open_as(database, kind, fill, check);
}

Id require_id(const Database& database, const std::string& raw) {
  std::optional<Id> id = Id::from_bytes(raw);
  if (!id) throw database.bad_data("is damaged");
  return *id;
}

SeqSet require_set(const Database& database, const std::string& raw) {
  Result<SeqSet> set = SeqSet::decode(raw);
  if (!set) throw database.bad_data("is damaged");
  return std::move(set).value();
}

}  // namespace

struct Ledger::Tables {
  Tables(std::filesystem::path path, std::string_view purpose)
      : database(std::move(path)), created(open(database, purpose)) {
    id = require_id(database, database.text("SELECT id FROM ledger"));
  }

  Database database;  // first, because the statements below must not outlive it
  bool created;
  Id id;
  bool staged = false;
  Statement put_job{database,
                    "INSERT INTO job (job, name, total, closed, done, failed, facts, sum)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, xxh3(?1, ?2, ?3, ?4, ?5, ?6, ?7))"
                    " ON CONFLICT (job) DO UPDATE SET"
                    " name = excluded.name, total = excluded.total, closed = excluded.closed,"
                    " done = excluded.done, failed = excluded.failed, facts = excluded.facts,"
                    " sum = excluded.sum"};
  Statement add_mark{database,
                     "INSERT OR REPLACE INTO mark (job, tasks, bytes, hash, sum)"
                     " VALUES (?1, ?2, ?3, ?4, xxh3(?1, ?2, ?3, ?4))"};
  Statement drop_mark{database, "DELETE FROM mark WHERE job = ? AND tasks = ?"};
  Statement put_length{database,
                       "INSERT OR REPLACE INTO length (file, bytes, sum)"
                       " VALUES (?1, ?2, xxh3(?1, ?2))"};
  Statement add_spooled{
      database,
      "INSERT OR REPLACE INTO spooled (job, first, count, offset, size, note, sum)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, xxh3(?1, ?2, ?3, ?4, ?5, ?6))"};
  Statement put_cursor{database,
                       "INSERT OR REPLACE INTO cursor (stream, epoch, next, sum)"
                       " VALUES (?1, ?2, ?3, xxh3(?1, ?2, ?3))"};
  Statement drop_spooled{database, "DELETE FROM spooled WHERE job = ? AND first = ?"};
};

Ledger::Ledger(std::filesystem::path path, std::string_view purpose)
    : tables_(std::make_unique<Tables>(std::move(path), purpose)) {}

Ledger::~Ledger() = default;

const Id& Ledger::id() const noexcept {
  return tables_->id;
}

bool Ledger::created() const noexcept {
  return tables_->created;
}

std::vector<JobRow> Ledger::jobs() const {
  Database& database = tables_->database;
  Statement query(database,
                  "SELECT job, name, total, closed, done, failed, facts FROM job ORDER BY place");
  std::vector<JobRow> rows;
  while (query.next()) {
    rows.push_back({.job = require_id(database, query.bytes(0)),
                    .name = query.bytes(1),
                    .done = require_set(database, query.bytes(4)),
                    .failed = require_set(database, query.bytes(5)),
                    .total = query.optional_number(2),
                    .closed = query.number(3) != 0,
                    .facts = query.bytes(6)});
  }
  return rows;
}

std::vector<InputMark> Ledger::marks(const Id& job) const {
  Statement query(tables_->database,
                  "SELECT tasks, bytes, hash FROM mark WHERE job = ? ORDER BY tasks");
  query.with(job.bytes());
  std::vector<InputMark> rows;
  while (query.next()) rows.push_back({query.number(0), query.number(1), query.number(2)});
  return rows;
}

std::map<std::string, std::uint64_t> Ledger::lengths() const {
  Statement query(tables_->database, "SELECT file, bytes FROM length");
  std::map<std::string, std::uint64_t> rows;
  while (query.next()) rows.emplace(query.bytes(0), query.number(1));
  return rows;
}

std::vector<SpoolRow> Ledger::spooled() const {
  Database& database = tables_->database;
  Statement query(database,
                  "SELECT job, first, count, offset, size, note FROM spooled ORDER BY job, first");
  std::vector<SpoolRow> rows;
  while (query.next()) {
    rows.push_back({.job = require_id(database, query.bytes(0)),
                    .range = {query.number(1), query.number(2)},
                    .offset = query.number(3),
                    .size = query.number(4),
                    .note = query.bytes(5)});
  }
  return rows;
}

std::vector<CursorRow> Ledger::cursors() const {
  Database& database = tables_->database;
  Statement query(database, "SELECT stream, epoch, next FROM cursor ORDER BY stream");
  std::vector<CursorRow> rows;
  while (query.next()) {
    rows.push_back({.stream = require_id(database, query.bytes(0)),
                    .epoch = query.number(1),
                    .next = query.number(2)});
  }
  return rows;
}

void Ledger::put_job(const JobRow& row) {
  stage();
  tables_->put_job
      .with(row.job.bytes(), Text{row.name}, row.total, std::uint64_t{row.closed},
            row.done.encode(), row.failed.encode(), row.facts)
      .run();
}

void Ledger::add_mark(const Id& job, InputMark mark) {
  stage();
  tables_->add_mark.with(job.bytes(), mark.tasks, mark.bytes, mark.hash).run();
}

void Ledger::drop_mark(const Id& job, Seq tasks) {
  stage();
  tables_->drop_mark.with(job.bytes(), tasks).run();
}

void Ledger::put_length(std::string_view file, std::uint64_t bytes) {
  stage();
  tables_->put_length.with(Text{file}, bytes).run();
}

void Ledger::add_spooled(const SpoolRow& row) {
  stage();
  tables_->add_spooled
      .with(row.job.bytes(), row.range.first, row.range.count, row.offset, row.size, row.note)
      .run();
}

void Ledger::drop_spooled(const Id& job, Seq first) {
  stage();
  tables_->drop_spooled.with(job.bytes(), first).run();
}

void Ledger::put_cursor(const CursorRow& row) {
  stage();
  tables_->put_cursor.with(row.stream.bytes(), row.epoch, row.next).run();
}

void Ledger::forget_everything_but_id() {
  stage();
  tables_->database.execute(
      "DELETE FROM job; DELETE FROM mark; DELETE FROM length; DELETE FROM spooled;"
      " DELETE FROM cursor");
}

void Ledger::commit() {
  tables_->database.require_usable();
  if (!tables_->staged) return;
  tables_->database.commit();
  tables_->staged = false;
}

void Ledger::stage() {
  if (tables_->staged) return;
  tables_->database.execute("BEGIN");
  tables_->staged = true;
}

}  // namespace shoal::store
