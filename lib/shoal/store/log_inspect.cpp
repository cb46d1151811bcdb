#include <algorithm>

#include <shoal/store/log_recovery.hpp>
#include <shoal/store/log_scan.hpp>

namespace shoal::store {
namespace {

namespace fs = std::filesystem;

class Inspection {
 public:
  Inspection(const fs::path& folder, const StreamFile& stream, bool thoroughly)
      : folder_(folder),
        thoroughly_(thoroughly),
        // Before the segments are looked for, so that a writer who goes on cannot be misjudged.
        note_(read_synced_note(folder)),
        told_(last_told(folder, note_)) {
    facts_.stream = stream;
  }

  LogFacts run() {
    std::vector<Offset> bases = segments_in(folder_);
    for (Offset base : bases) add(base, base == bases.back());
    if (told_ && (bases.empty() || bases.back() < *told_)) {
      std::string what = log_missing(folder_, *told_).what();
      facts_.segments.push_back({.base = *told_, .end = *told_, .damage = what});
    }
    if (!facts_.segments.empty()) facts_.first = facts_.segments.front().base;
    for (const SegmentFacts& segment : facts_.segments) {
      facts_.end = std::max(facts_.end, segment.end);
    }
    const std::vector<OffsetRange>& gaps = facts_.stream.gaps;
    if (!gaps.empty()) facts_.end = std::max(facts_.end, gaps.back().to);
    return std::move(facts_);
  }

 private:
  void add(Offset base, bool last) {
    try {
      add_facts(last || thoroughly_ ? scanned(base, last) : indexed(base));
    } catch (const Error& error) {
      bool retained = facts_.segments.empty() && !fs::exists(segment_path(folder_, base));
      if (retained) return;  // retention was faster
      if (error.code() != ExitCode::bad_data) throw;
      add_facts({.base = base, .end = base, .damage = error.what()});
    }
  }

  void add_facts(SegmentFacts segment) {
    // What is missing behind damage is told with it.
    bool told = facts_.segments.empty() || facts_.segments.back().damage || segment.damage;
    if (!told && !follows(facts_.stream, facts_.segments.back().end, segment.base)) {
      segment.damage = log_hole(folder_, facts_.segments.back().end, segment.base).what();
    }
    facts_.segments.push_back(std::move(segment));
  }

  SegmentFacts indexed(Offset base) const {
    SegmentReader reader(folder_, base, facts_.stream.id);
    std::optional<LogIndex> index = load_index(folder_, base);
    if (!index || index->size() != reader.size()) {
      SegmentScan scan = scan_segment(reader);
      if (scan.stop != SegmentReader::Stop::end) throw reader.damage();
      index = scan.index;
    }
    return {base, index->end(), index->size(), reader.header().begun};
  }

  SegmentFacts scanned(Offset base, bool last) {
    SegmentReader reader(folder_, base, facts_.stream.id);
    SegmentScan scan = scan_segment(reader);
    SegmentFacts segment{base, reader.offset(), reader.position(), reader.header().begun};
    bool cut = scan.stop != SegmentReader::Stop::end;
    if (last && note_ && note_->base == base) cut = cut || reader.position() < note_->position;
    if (!cut) return segment;
    if (last && was_never_synced(reader, note_)) {
      facts_.unfinished = reader.size() - reader.position();
    } else {
      segment.damage = reader.damage().what();
    }
    return segment;
  }

  const fs::path& folder_;
  bool thoroughly_;
  std::optional<SyncedNote> note_;
  std::optional<Offset> told_;
  LogFacts facts_;
};

}  // namespace

LogFacts inspect_log(const fs::path& folder, bool thoroughly) {
  std::optional<StreamFile> stream = read_stream_file(folder);
  if (!stream && !segments_in(folder).empty()) {
    throw log_damage(folder / "stream", 0, "it is missing");
  }
  if (!stream) throw Error("there is no log in " + folder.string(), ExitCode::bad_data);
  return Inspection(folder, *stream, thoroughly).run();
}

}  // namespace shoal::store
