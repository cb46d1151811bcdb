// The messages of the pipeline. An input is the size of the head (2 octets, little-endian), the
// head, and the body.

#include <shoal/base/assert.hpp>
#include <shoal/wire/pipeline_messages.hpp>

#include "message_input.hpp"
#include "target.hpp"

using namespace shoal;
using namespace shoal::wire;
using namespace shoal::wire::pipeline;

namespace {

/// What a core may do with any batch that has been let in.
void use(const Batch& batch) {
  SHOAL_ASSERT(batch.well_formed());
  if (batch.framing == Framing::opaque) return;
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < batch.range.count; ++i) {
    bytes += batch.record(batch.range.first + i).size();
  }
  SHOAL_ASSERT(bytes == batch.payload.size());
}

SeqSet set_of(SeqRange range) {
  SeqSet set;
  set.insert(range);
  return set;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<Any> message = decode(fuzz::message_of(fuzz::text_of(data, size)));
  if (!message) return 0;
  if (const auto* tasks = std::get_if<Tasks>(&*message)) use(tasks->batch);
  if (const auto* results = std::get_if<Results>(&*message)) use(results->batch);
  Result<Any> again = decode(encode(*message));
  SHOAL_ASSERT(again && again->index() == message->index());
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  const Id job = Id::of_name("job");
  const std::vector<Id> sinks{Id::of_name("a"), Id::of_name("b")};
  Batch lines{.range = {7, 3}, .payload = Bytes::copy("a\nb\nc\n")};
  Batch sized{.range = {0, 2}, .framing = Framing::sized, .sizes = {1, 2}};
  sized.payload = Bytes::copy("xyy");
  Batch opaque{.range = {4, 100}, .framing = Framing::opaque, .payload = Bytes::copy("blob")};
  const std::vector<Any> messages{
      Job{.job = job, .name = "n", .revision = 3, .lease = Duration(9), .sinks = sinks, .total = 9},
      Job{.job = job, .over = true, .stopped = true, .confirmed = true, .done = 8, .failed = 1},
      Tasks{.job = job, .number = 5, .attempt = 2, .batch = lines},
      Tasks{.job = job, .number = 6, .batch = sized},
      Letter{.job = job, .name = "n", .status = "s", .error = "\xff", .payload = sized.payload},
      Recall{},
      Credit{.revision = 1, .tasks = 10, .bytes = 9, .sinks = sinks, .volatiles = {sinks[0]}},
      Renew{set_of({3, 4})},
      Kept{.job = job, .done = set_of({0, 5}), .failed = set_of({6, 1}), .refused = set_of({9, 1})},
      Failed{.number = 2, .range = {1, 2}, .status = "signal", .error = "e", .sure = true},
      Return{.number = 2, .tasks = set_of({1, 2})},
      Ran{.number = 2, .tasks = set_of({1, 2})},
      Results{.job = job, .name = "n", .sinks = sinks, .total = 3, .batch = opaque},
      Close{.job = job, .name = "n", .total = 3, .done = 2, .failed = 1, .sinks = sinks},
      Closed{job, sinks[1]}};
  std::vector<std::string> inputs;
  for (const Any& message : messages) inputs.push_back(input_of(encode(message)));
  return inputs;
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
