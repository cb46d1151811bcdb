#pragma once

#include <limits>
#include <random>
#include <string>
#include <vector>

#include <shoal/store/log_reader.hpp>
#include <shoal/store/log_writer.hpp>

#include "support.hpp"

namespace store_test {

using shoal::store::AtEnd;
using shoal::store::encode_log_headers;
using shoal::store::inspect_log;
using shoal::store::LogFacts;
using shoal::store::LogReader;
using shoal::store::LogWriter;
using shoal::store::NewRecord;
using shoal::store::Offset;
using shoal::store::OffsetRange;
using shoal::store::ReadOutcome;
using shoal::store::RecordBlock;
using shoal::store::RecordLog;
using shoal::store::RecordReader;
using shoal::store::RecordView;

/// A record that a test appended, told from its offset alone.
struct Made {
  std::string topic;
  std::string headers;
  std::string payload;

  NewRecord view() const { return {topic, headers, payload}; }
};

inline Made made(Offset offset, std::size_t most_payload = 200) {
  std::mt19937_64 random(offset);
  Made record{.topic = "topic." + std::to_string(offset % 5)};
  if (offset % 3 == 0) {
    record.headers = encode_log_headers({{"n", std::to_string(offset)}, {"z", ""}}).value();
  }
  record.payload.resize(random() % most_payload);
  for (char& byte : record.payload) byte = static_cast<char>(random());
  return record;
}

inline bool is_made(const RecordView& record, std::size_t most_payload = 200) {
  Made wanted = made(record.offset, most_payload);
  return record.topic == wanted.topic && record.headers == wanted.headers &&
         record.payload == wanted.payload;
}

/// Appends the next `count` records in one group, at the time of their offset.
inline void append_made(RecordLog& log, std::size_t count, std::size_t most_payload = 200) {
  for (std::size_t i = 0; i < count; ++i) {
    Made record = made(log.end(), most_payload);
    NewRecord view = record.view();
    log.append({&view, 1}, 1000 + log.end());
  }
}

/// What a reader found.
struct Found {
  std::vector<Offset> offsets;
  std::vector<OffsetRange> gaps;
  bool all_made = true;
};

inline Found read_all(RecordReader& reader, Offset end = std::numeric_limits<Offset>::max(),
                      std::size_t most = 4096) {
  Found found;
  while (true) {
    ReadOutcome outcome = reader.next(end, most);
    if (std::holds_alternative<AtEnd>(outcome)) return found;
    if (auto* gap = std::get_if<OffsetRange>(&outcome)) {
      found.gaps.push_back(*gap);
      continue;
    }
    for (const RecordView& record : std::get<RecordBlock>(outcome)) {
      found.offsets.push_back(record.offset);
      if (!is_made(record)) found.all_made = false;
    }
  }
}

/// Whether these are all numbers from `from` up to `to`.
inline bool is_run(const std::vector<Offset>& offsets, Offset from, Offset to) {
  if (offsets.size() != to - from) return false;
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    if (offsets[i] != from + i) return false;
  }
  return true;
}

/// Reads a log as somebody who does not hold it.
inline Found read_folder(const fs::path& folder) {
  LogFacts facts = inspect_log(folder, false);
  LogReader reader({.folder = folder, .stream = facts.stream.id, .first = facts.first});
  return read_all(reader);
}

}  // namespace store_test
