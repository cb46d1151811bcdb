#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <shoal/base/error.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace shoal::store {

/// One SQLite file in the mode that shoal keeps its tables in: write-ahead log, synced at every
/// commit, locked against every other process for as long as this object lives. Its SQL has the
/// function xxh3(), the sum of a row (FORMAT.md). Errors are final:
/// after the first, every call throws that same Error, and nothing is written or synced again, not
/// even on closing. One thread.
class Database {
 public:
  /// Opens `path`, or creates it empty. Changes nothing in a file that was there: see adopt. Throws
  /// Error; one that says so when another process has the file open.
  explicit Database(std::filesystem::path path);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Takes the file for ours: switches it to the write-ahead log, brings over what a crash left in
  /// that log, and from now on leaves one file behind on closing.
  void adopt();

  /// Runs SQL that yields no rows.
  void execute(const char* sql);

  /// What the SQL yields in the first column of its first row.
  std::string text(const char* sql);
  std::uint64_t number(const char* sql);

  /// Ends a transaction begun with `BEGIN`: durable on return. Brings the write-ahead log over into
  /// the file when it has grown long.
  void commit();

  /// Throws the Error that made the database unusable, if there was one.
  void require_usable() const;

  /// The Error for a file whose contents are not what they should be: "`path` `what`; remedy".
  Error bad_data(std::string_view what) const;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  friend class Statement;

  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };

  static int on_commit(void* self, sqlite3* handle, const char* schema, int pages);
  void checkpoint(int mode);
  void checkpoint_on_close(bool wanted);
  void check(int code);
  [[noreturn]] void fail(int code);
  Error error_of(int code) const;
  int open_errno(int last) const;

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::optional<Error> failure_;
  int log_pages_ = 0;
};

/// Text for a statement; a plain string_view is bound as a blob.
struct Text {
  std::string_view view;
};

/// A prepared statement, to be used again and again: `with` its values, then `run`, or `next` for
/// each row. Must not outlive its Database.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  /// Starts afresh with these values for the question marks, which are copied.
  template <typename... Values>
  Statement& with(const Values&... values) {
    restart();
    int at = 0;
    (bind(++at, values), ...);
    return *this;
  }

  /// Moves to the next row; false at the end.
  bool next();

  /// To the end, for statements that yield no rows.
  void run();

  /// Columns of the current row, counted from 0.
  std::string bytes(int column) const;
  std::uint64_t number(int column) const;
  std::optional<std::uint64_t> optional_number(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };

  void restart();
  void bind(int at, std::string_view blob);
  void bind(int at, Text text);
  void bind(int at, std::uint64_t number);
  void bind(int at, const std::optional<std::uint64_t>& number);

  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace shoal::store
