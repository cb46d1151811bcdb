#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal::store {

/// What FORMAT.md says in words, for the code that writes and reads the files. A test compares the
/// two, so that they cannot drift apart.

/// SQLite's application id in a ledger: "shol" in ASCII.
inline constexpr std::uint64_t ledger_application_id = 0x73686f6c;

/// SQLite's user version in a ledger. A change that an older shoal would misread raises it.
inline constexpr std::uint64_t ledger_format = 3;

/// The tables of a ledger.
inline constexpr const char* ledger_schema = R"sql(
CREATE TABLE ledger (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  id BLOB NOT NULL CHECK (length(id) = 16),
  purpose TEXT NOT NULL,
  sum INTEGER NOT NULL CHECK (sum = xxh3(id, purpose))
) STRICT;
CREATE TABLE job (
  place INTEGER PRIMARY KEY,
  job BLOB NOT NULL UNIQUE CHECK (length(job) = 16),
  name TEXT NOT NULL,
  total INTEGER,
  closed INTEGER NOT NULL,
  done BLOB NOT NULL,
  failed BLOB NOT NULL,
  facts BLOB NOT NULL,
  sum INTEGER NOT NULL CHECK (sum = xxh3(job, name, total, closed, done, failed, facts))
) STRICT;
CREATE TABLE mark (
  job BLOB NOT NULL CHECK (length(job) = 16),
  tasks INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  hash INTEGER NOT NULL,
  sum INTEGER NOT NULL CHECK (sum = xxh3(job, tasks, bytes, hash)),
  PRIMARY KEY (job, tasks)
) STRICT, WITHOUT ROWID;
CREATE TABLE length (
  file TEXT NOT NULL PRIMARY KEY,
  bytes INTEGER NOT NULL,
  sum INTEGER NOT NULL CHECK (sum = xxh3(file, bytes))
) STRICT, WITHOUT ROWID;
CREATE TABLE spooled (
  job BLOB NOT NULL CHECK (length(job) = 16),
  first INTEGER NOT NULL,
  count INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  size INTEGER NOT NULL,
  note BLOB NOT NULL,
  sum INTEGER NOT NULL CHECK (sum = xxh3(job, first, count, offset, size, note)),
  PRIMARY KEY (job, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE cursor (
  stream BLOB PRIMARY KEY CHECK (length(stream) = 16),
  epoch INTEGER NOT NULL,
  next INTEGER NOT NULL,
  sum INTEGER NOT NULL CHECK (sum = xxh3(stream, epoch, next))
) STRICT, WITHOUT ROWID;
)sql";

/// The same of a reply store: "shor", its user version, and its table.
inline constexpr std::uint64_t replies_application_id = 0x73686f72;
inline constexpr std::uint64_t replies_format = 2;
inline constexpr const char* replies_schema = R"sql(
CREATE TABLE reply (
  body BLOB NOT NULL PRIMARY KEY CHECK (length(body) = 16),
  at INTEGER NOT NULL,
  node BLOB NOT NULL CHECK (length(node) = 16),
  output BLOB NOT NULL,
  sum INTEGER NOT NULL CHECK (sum = xxh3(body, at, node, output))
) STRICT, WITHOUT ROWID;
CREATE INDEX oldest ON reply (at);
)sql";

/// What stands before the bytes of each slot in a spool file: their XXH3-64, little-endian.
inline constexpr std::size_t spool_header_size = 8;

}  // namespace shoal::store
