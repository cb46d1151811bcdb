#include <shoal/store/file.hpp>
#include <shoal/store/file_kind.hpp>

namespace shoal::store {
namespace {

bool is_blank(Database& database) {
  return database.number("PRAGMA application_id") == 0 &&
         database.number("SELECT count(*) FROM sqlite_schema") == 0;
}

// Before the switch to the write-ahead log, so that the file alone says what it is.
void create(Database& database, const FileKind& kind, const std::function<void()>& fill) {
  database.execute("BEGIN");
  database.execute(kind.schema);
  std::string stamp = "PRAGMA application_id = " + std::to_string(kind.application_id) +
                      "; PRAGMA user_version = " + std::to_string(kind.format);
  database.execute(stamp.c_str());
  fill();
  database.commit();
  database.adopt();
  sync_directory_of(database.path());
}

void recognise(Database& database, const FileKind& kind, const std::function<void()>& check) {
  if (database.number("PRAGMA application_id") != kind.application_id) {
    throw database.bad_data("is not a shoal " + std::string(kind.name));
  }
  std::uint64_t format = database.number("PRAGMA user_version");
  if (format != kind.format) {
    throw Error(database.path().string() + " has format " + std::to_string(format) +
                    " and this shoal reads " + std::to_string(kind.format) +
                    "; use the shoal that wrote it, or move it away to begin anew",
                ExitCode::bad_data);
  }
  std::string fault = database.text("PRAGMA integrity_check(1)");
  if (fault != "ok") throw database.bad_data("is damaged");
  check();
  database.adopt();
}

}  // namespace

bool open_as(Database& database, const FileKind& kind, const std::function<void()>& fill,
             const std::function<void()>& check) {
  bool blank = is_blank(database);
  blank ? create(database, kind, fill) : recognise(database, kind, check);
  return blank;
}

}  // namespace shoal::store
