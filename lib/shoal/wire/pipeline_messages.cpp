#include <algorithm>
#include <array>

#include <shoal/base/assert.hpp>
#include <shoal/base/hash.hpp>
#include <shoal/base/little_endian.hpp>
#include <shoal/wire/field_reader.hpp>
#include <shoal/wire/pipeline_messages.hpp>

namespace shoal::wire::pipeline {
namespace {

/// The tag of each message, by its place in Any.
constexpr std::array<std::string_view, std::variant_size_v<Any>> tags{
    "job",    "tasks",  "letter", "recall",  "credit", "renew", "kept",
    "failed", "return", "ran",    "results", "close",  "closed"};

constexpr std::size_t most_sinks = 256;

// A head must stay within a Port's limit, also when a worker passes it on with fields of its own.
constexpr std::size_t most_sizes = 128UL << 10;

void put_set(MapWriter& map, std::string_view key, const SeqSet& set) {
  if (!set.empty()) map.put_bytes(key, set.encode());
}

void put_batch(MapWriter& map, const Batch& batch) {
  map.put("first", batch.range.first);
  map.put("count", batch.range.count);
  map.put("framing", static_cast<std::uint64_t>(batch.framing));
  if (batch.framing == Framing::lines && batch.delimiter != '\n') {
    map.put("delimiter", std::uint64_t{static_cast<unsigned char>(batch.delimiter)});
  }
  if (batch.framing == Framing::sized) put_u32s(map, "sizes", batch.sizes);
}

void write(MapWriter& map, const Job& job) {
  map.put_bytes("job", job.job.bytes());
  map.put_text("name", job.name);
  map.put("revision", job.revision);
  map.put("lease_ms",
          static_cast<std::uint64_t>(
              std::chrono::duration_cast<std::chrono::milliseconds>(job.lease).count()));
  put_ids(map, "sinks", job.sinks);
  if (job.total) map.put("total", *job.total);
  if (!job.over) return;
  map.put("over", true);
  if (job.stopped) map.put("stopped", true);
  if (job.confirmed) map.put("confirmed", true);
  map.put("done", job.done);
  map.put("failed", job.failed);
}

void write(MapWriter& map, const Tasks& tasks) {
  map.put_bytes("job", tasks.job.bytes());
  map.put("number", tasks.number);
  map.put("attempt", std::uint64_t{tasks.attempt});
  put_batch(map, tasks.batch);
}

void write(MapWriter& map, const Letter& letter) {
  map.put_bytes("job", letter.job.bytes());
  map.put_text("name", letter.name);
  map.put("number", letter.number);
  map.put("seq", letter.seq);
  map.put("attempts", std::uint64_t{letter.attempts});
  map.put_text("status", letter.status);
  map.put_bytes("error", letter.error);
  put_ids(map, "sinks", letter.sinks);
}

void write(MapWriter&, const Recall&) {}

void write(MapWriter& map, const Credit& credit) {
  map.put("revision", credit.revision);
  map.put("tasks", credit.tasks);
  map.put("bytes", credit.bytes);
  map.put("batch", credit.batch);
  put_ids(map, "sinks", credit.sinks);
  put_ids(map, "volatiles", credit.volatiles);
  if (credit.all_sinks) map.put("all_sinks", true);
  if (credit.leaving) map.put("leaving", true);
}

void write(MapWriter& map, const Renew& renew) {
  put_set(map, "numbers", renew.numbers);
}

void write(MapWriter& map, const Kept& kept) {
  map.put_bytes("job", kept.job.bytes());
  put_set(map, "done", kept.done);
  put_set(map, "failed", kept.failed);
  put_set(map, "refused", kept.refused);
}

void write(MapWriter& map, const Failed& failed) {
  map.put("number", failed.number);
  map.put("first", failed.range.first);
  map.put("count", failed.range.count);
  map.put_text("status", failed.status);
  map.put_bytes("error", failed.error);
  if (failed.sure) map.put("sure", true);
}

void write(MapWriter& map, const Return& returned) {
  map.put("number", returned.number);
  put_set(map, "tasks", returned.tasks);
}

void write(MapWriter& map, const Ran& ran) {
  map.put("number", ran.number);
  put_set(map, "tasks", ran.tasks);
}

void write(MapWriter& map, const Results& results) {
  map.put_bytes("job", results.job.bytes());
  map.put_text("name", results.name);
  map.put("attempt", std::uint64_t{results.attempt});
  put_ids(map, "sinks", results.sinks);
  if (results.total) map.put("total", *results.total);
  put_batch(map, results.batch);
}

void write(MapWriter& map, const Close& close) {
  map.put_bytes("job", close.job.bytes());
  map.put_text("name", close.name);
  if (close.total) map.put("total", *close.total);
  if (close.stopped) map.put("stopped", true);
  map.put("done", close.done);
  map.put("failed", close.failed);
  put_ids(map, "sinks", close.sinks);
}

void write(MapWriter& map, const Closed& closed) {
  map.put_bytes("job", closed.job.bytes());
  map.put_bytes("sink", closed.sink.bytes());
}

const Bytes& body_of(const Any& message) {
  static const Bytes none;
  if (const auto* tasks = std::get_if<Tasks>(&message)) return tasks->batch.payload;
  if (const auto* results = std::get_if<Results>(&message)) return results->batch.payload;
  if (const auto* letter = std::get_if<Letter>(&message)) return letter->payload;
  return none;
}

class PipelineFields : public FieldReader {
 public:
  using FieldReader::FieldReader;

  std::vector<Id> sinks() { return ids("sinks", most_sinks); }

  SeqSet set(std::string_view key) {
    Result<SeqSet> value = SeqSet::decode(raw(key));
    if (value) return std::move(*value);
    fault(key);
    return {};
  }

  SeqRange range() {
    SeqRange value{number("first"), number("count")};
    if (value.count == 0) fault("count");
    return value;
  }

  Batch batch(const Bytes& body) {
    Batch value{.range = range()};
    value.framing = static_cast<Framing>(number("framing", 2));
    value.delimiter = static_cast<char>(maybe_number("delimiter", 0xff).value_or('\n'));
    value.sizes = u32s("sizes", most_sizes);
    value.payload = body;
    if (first_fault().empty() && !value.well_formed()) fault("payload");
    return value;
  }
};

void read(PipelineFields& in, Job& job, const Bytes&) {
  job.job = in.id("job");
  job.name = in.text("name");
  job.revision = in.number("revision");
  job.lease = std::chrono::milliseconds(in.number("lease_ms", std::uint64_t{1} << 40));
  job.sinks = in.sinks();
  job.total = in.maybe_number("total");
  job.over = in.flag("over");
  job.stopped = in.flag("stopped");
  job.confirmed = in.flag("confirmed");
  job.done = in.maybe_number("done").value_or(0);
  job.failed = in.maybe_number("failed").value_or(0);
}

void read(PipelineFields& in, Tasks& tasks, const Bytes& body) {
  tasks.job = in.id("job");
  tasks.number = in.number("number");
  tasks.attempt = static_cast<std::uint32_t>(in.number("attempt", UINT32_MAX));
  tasks.batch = in.batch(body);
  // A worker that runs its tasks one by one could not take them apart.
  if (tasks.batch.framing == Framing::opaque) in.fault("framing");
}

void read(PipelineFields& in, Letter& letter, const Bytes& body) {
  letter.job = in.id("job");
  letter.name = in.text("name");
  letter.number = in.number("number");
  letter.seq = in.number("seq");
  letter.attempts = static_cast<std::uint32_t>(in.number("attempts", UINT32_MAX));
  letter.status = in.text("status");
  letter.error = in.bytes("error");
  letter.sinks = in.sinks();
  letter.payload = body;
}

void read(PipelineFields&, Recall&, const Bytes&) {}

void read(PipelineFields& in, Credit& credit, const Bytes&) {
  credit.revision = in.number("revision");
  credit.tasks = in.number("tasks");
  credit.bytes = in.number("bytes");
  credit.batch = in.number("batch");
  credit.sinks = in.sinks();
  credit.volatiles = in.ids("volatiles", most_sinks);
  credit.all_sinks = in.flag("all_sinks");
  credit.leaving = in.flag("leaving");
}

void read(PipelineFields& in, Renew& renew, const Bytes&) {
  renew.numbers = in.set("numbers");
}

void read(PipelineFields& in, Kept& kept, const Bytes&) {
  kept.job = in.id("job");
  kept.done = in.set("done");
  kept.failed = in.set("failed");
  kept.refused = in.set("refused");
}

void read(PipelineFields& in, Failed& failed, const Bytes&) {
  failed.number = in.number("number");
  failed.range = in.range();
  failed.status = in.text("status");
  failed.error = in.bytes("error");
  failed.sure = in.flag("sure");
}

void read(PipelineFields& in, Return& returned, const Bytes&) {
  returned.number = in.number("number");
  returned.tasks = in.set("tasks");
}

void read(PipelineFields& in, Ran& ran, const Bytes&) {
  ran.number = in.number("number");
  ran.tasks = in.set("tasks");
}

void read(PipelineFields& in, Results& results, const Bytes& body) {
  results.job = in.id("job");
  results.name = in.text("name");
  results.attempt = static_cast<std::uint32_t>(in.number("attempt", UINT32_MAX));
  results.sinks = in.sinks();
  results.total = in.maybe_number("total");
  results.batch = in.batch(body);
}

void read(PipelineFields& in, Close& close, const Bytes&) {
  close.job = in.id("job");
  close.name = in.text("name");
  close.total = in.maybe_number("total");
  close.stopped = in.flag("stopped");
  close.done = in.number("done");
  close.failed = in.number("failed");
  close.sinks = in.sinks();
}

void read(PipelineFields& in, Closed& closed, const Bytes&) {
  closed.job = in.id("job");
  closed.sink = in.id("sink");
}

}  // namespace

Message encode(const Any& message) {
  MapWriter map;
  map.put_text("type", tags[message.index()]);
  std::visit([&](const auto& content) { write(map, content); }, message);
  return {map.take(), body_of(message)};
}

Result<Any> decode(const Message& message) {
  return decode_tagged<Any, PipelineFields>(
      tags, message,
      [](PipelineFields& in, auto& content, const Bytes& body) { read(in, content, body); });
}

Id sink_of(const Id& job, Seq seq, const std::vector<Id>& sinks) {
  SHOAL_ASSERT(!sinks.empty());
  if (sinks.size() == 1) return sinks.front();
  std::uint64_t block = seq / block_tasks;
  std::string key(job.bytes());
  put_number(key, std::uint64_t{block});
  auto score = [&](const Id& sink) {
    std::string text = key + std::string(sink.bytes());
    return std::pair(hash_of(text), sink);
  };
  return *std::max_element(sinks.begin(), sinks.end(),
                           [&](const Id& a, const Id& b) { return score(a) < score(b); });
}

std::vector<SeqRange> share_of(const Id& job, SeqRange range, const std::vector<Id>& sinks,
                               const Id& self) {
  if (sinks.size() <= 1) return {range};
  std::vector<SeqRange> parts;
  for (Seq from = range.first; from < range.end();) {
    Seq end = std::min(range.end(), (from / block_tasks + 1) * block_tasks);
    if (sink_of(job, from, sinks) == self) {
      bool touches = !parts.empty() && parts.back().end() == from;
      if (touches) {
        parts.back().count += end - from;
      } else {
        parts.push_back({from, end - from});
      }
    }
    from = end;
  }
  return parts;
}

}  // namespace shoal::wire::pipeline
