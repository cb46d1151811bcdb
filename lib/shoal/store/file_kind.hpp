#pragma once

#include <cstdint>
#include <functional>

#include <shoal/store/database.hpp>

namespace shoal::store {

/// What a SQLite file of shoal's is, and says it is (FORMAT.md).
struct FileKind {
  const char* name;              ///< for people: "ledger"
  std::uint64_t application_id;  ///< SQLite's
  std::uint64_t format;          ///< SQLite's user version; an incompatible change raises it
  const char* schema;
};

/// Takes `database` for a file of that kind, and adopts it. A blank one (new, or left by a crash
/// before its first commit) gets the tables, and what `fill` puts into them, in one transaction;
/// one that was there is checked, by `check` too. Returns whether it was blank. Throws Error
/// (bad_data) for a file of another kind or format and for a damaged one; such a file stays as it
/// was.
bool open_as(Database& database, const FileKind& kind, const std::function<void()>& fill,
             const std::function<void()>& check);

}  // namespace shoal::store
