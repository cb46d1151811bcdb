#include <bit>
#include <cerrno>
#include <span>
#include <utility>

#include <sqlite3.h>

#include <shoal/base/hash.hpp>
#include <shoal/store/database.hpp>
#include <shoal/store/file.hpp>

namespace shoal::store {
namespace {

// Pages of the write-ahead log (4 KiB each) after which it is brought over into the file.
constexpr int long_log = 1000;

// No SQLite file is smaller, save an empty one.
constexpr std::uintmax_t smallest_file = 512;

std::filesystem::path checked(std::filesystem::path path) {
  if (path.empty()) throw Error("a ledger needs a file name", ExitCode::usage);
  if (!is_regular_target(path)) {
    throw Error(path.string() + " is not a regular file, so no ledger can be in it; name a file");
  }
  // SQLite reads some relative names, such as ":memory:", as more than a file's.
  return std::filesystem::absolute(path);
}

void append(std::string& bytes, std::int64_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

/// xxh3(value...): the sum that FORMAT.md gives to a row.
void row_sum(sqlite3_context* context, int count, sqlite3_value** values) {
  std::string bytes;
  for (sqlite3_value* value : std::span(values, static_cast<std::size_t>(count))) {
    int type = sqlite3_value_type(value);
    bytes.push_back(static_cast<char>(type));
    if (type == SQLITE_NULL) continue;
    if (type == SQLITE_INTEGER) {
      append(bytes, sqlite3_value_int64(value));
      continue;
    }
    const void* content = sqlite3_value_blob(value);
    int size = sqlite3_value_bytes(value);
    append(bytes, size);
    bytes.append(static_cast<const char*>(content), static_cast<std::size_t>(size));
  }
  sqlite3_result_int64(context, std::bit_cast<std::int64_t>(hash_of(bytes)));
}

}  // namespace

Database::Database(std::filesystem::path path) : path_(checked(std::move(path))) {
  sqlite3* handle = nullptr;
  int code =
      sqlite3_open_v2(path_.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  check(code);
  // SQLite takes a scrap for an empty file and would write over it.
  std::error_code unknown;
  std::uintmax_t size = std::filesystem::file_size(path_, unknown);
  if (size > 0 && size < smallest_file) fail(SQLITE_NOTADB);
  sqlite3_extended_result_codes(handle, 1);
  checkpoint_on_close(false);
  // SQLite opens what it may not write for reading, and would fail only at the first commit.
  if (sqlite3_db_readonly(handle, "main") == 1) fail(SQLITE_READONLY);
  check(sqlite3_create_function_v2(handle, "xxh3", -1,
                                   SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
                                   row_sum, nullptr, nullptr, nullptr));
  sqlite3_wal_hook(handle, on_commit, this);
  execute("PRAGMA locking_mode = EXCLUSIVE");
  execute("PRAGMA synchronous = FULL");
}

void Database::adopt() {
  execute("PRAGMA journal_mode = WAL");
  // After a failed fsync the kernel may hold pages of the log that never reached the disk, and this
  // process would read them as good. Writing them anew makes what was read true.
  checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
  checkpoint_on_close(true);
}

void Database::execute(const char* sql) {
  require_usable();
  check(sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr));
}

std::string Database::text(const char* sql) {
  Statement query(*this, sql);
  return query.next() ? query.bytes(0) : std::string();
}

std::uint64_t Database::number(const char* sql) {
  Statement query(*this, sql);
  return query.next() ? query.number(0) : 0;
}

void Database::commit() {
  execute("COMMIT");
  if (log_pages_ >= long_log) checkpoint(SQLITE_CHECKPOINT_PASSIVE);
}

Error Database::bad_data(std::string_view what) const {
  return Error(path_.string() + " " + std::string(what) +
                   "; restore it from a copy, or move it away to begin anew",
               ExitCode::bad_data);
}

int Database::on_commit(void* self, sqlite3*, const char*, int pages) {
  static_cast<Database*>(self)->log_pages_ = pages;
  return SQLITE_OK;
}

void Database::checkpoint(int mode) {
  require_usable();
  check(sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, mode, nullptr, nullptr));
  log_pages_ = 0;
}

void Database::checkpoint_on_close(bool wanted) {
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1, nullptr);
}

void Database::require_usable() const {
  if (failure_) throw *failure_;
}

void Database::check(int code) {
  if (code != SQLITE_OK) fail(code);
}

void Database::fail(int code) {
  failure_ = error_of(code);
  if (handle_) checkpoint_on_close(false);
  throw *failure_;
}

// Where SQLite may not create a file it tries to read one, and tells only how that failed.
int Database::open_errno(int last) const {
  std::error_code ignored;
  bool second_try = last == ENOENT && std::filesystem::exists(path_.parent_path(), ignored);
  return last == 0 || second_try ? EACCES : last;
}

Error Database::error_of(int code) const {
  int errnum = handle_ ? sqlite3_system_errno(handle_.get()) : 0;
  std::string place = path_.string();
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(place + " is in use by another shoal process; wait for it to end, or name " +
                   "another place");
    case SQLITE_NOTADB:
      return bad_data("is not a shoal file, or is damaged");
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:  // what we ask is right, so the file's own schema is not
      return bad_data("is damaged");
    case SQLITE_FULL:
      return system_error("cannot write " + place, ENOSPC);
    case SQLITE_READONLY:
      return system_error("cannot write " + place, errnum != 0 ? errnum : EACCES);
    case SQLITE_CANTOPEN:
      return system_error("cannot open " + place, open_errno(errnum));
    case SQLITE_IOERR:
      if (errnum != 0 && errnum != EIO)
        return system_error("cannot read or write " + place, errnum);
      return Error("cannot read or write " + place +
                   ": input/output error; check the disk, then run the same command again");
    default:
      return Error(place + ": " + sqlite3_errmsg(handle_.get()));
  }
}

void Database::Close::operator()(sqlite3* handle) const noexcept {
  sqlite3_close(handle);
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  database_.require_usable();
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v3(database_.handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
  database_.check(code);
}

bool Statement::next() {
  database_.require_usable();
  int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail(code);
  restart();
  return false;
}

void Statement::run() {
  while (next()) {
  }
}

std::string Statement::bytes(int column) const {
  // In this order: asking for the blob may convert it, and its size is known only then.
  const void* data = sqlite3_column_blob(statement_.get(), column);
  auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return size == 0 ? std::string() : std::string(static_cast<const char*>(data), size);
}

std::uint64_t Statement::number(int column) const {
  return std::bit_cast<std::uint64_t>(
      static_cast<std::int64_t>(sqlite3_column_int64(statement_.get(), column)));
}

std::optional<std::uint64_t> Statement::optional_number(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  return number(column);
}

void Statement::restart() {
  // The code repeats what the last step already reported.
  (void)sqlite3_reset(statement_.get());
}

void Statement::bind(int at, std::string_view blob) {
  // No data at all would bind NULL.
  const char* data = blob.empty() ? "" : blob.data();
  database_.check(sqlite3_bind_blob64(statement_.get(), at, data, blob.size(), SQLITE_TRANSIENT));
}

void Statement::bind(int at, Text text) {
  const char* data = text.view.empty() ? "" : text.view.data();
  database_.check(sqlite3_bind_text64(statement_.get(), at, data, text.view.size(),
                                      SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind(int at, std::uint64_t number) {
  database_.check(sqlite3_bind_int64(statement_.get(), at, std::bit_cast<std::int64_t>(number)));
}

void Statement::bind(int at, const std::optional<std::uint64_t>& number) {
  if (number) return bind(at, *number);
  database_.check(sqlite3_bind_null(statement_.get(), at));
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

}  // namespace shoal::store
