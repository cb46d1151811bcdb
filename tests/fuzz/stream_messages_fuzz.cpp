// The messages of streams.

#include <shoal/wire/stream_messages.hpp>

#include "message_input.hpp"

using namespace shoal;
using namespace shoal::wire;
using namespace shoal::wire::stream;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Message input = fuzz::message_of(fuzz::text_of(data, size));
  Result<Any> message = decode(input);
  if (!message) return 0;
  if (const auto* records = std::get_if<Records>(&*message)) {
    SHOAL_ASSERT(records->first < records->next);
    SHOAL_ASSERT(records->count <= records->next - records->first);
    SHOAL_ASSERT(records->body == input.body);
  }
  if (const auto* trimmed = std::get_if<Trimmed>(&*message)) {
    SHOAL_ASSERT(trimmed->first < trimmed->next);
  }
  if (const auto* log = std::get_if<Stream>(&*message)) {
    SHOAL_ASSERT(!log->stream.is_nil() && log->first <= log->head);
  }
  fuzz::check_reads_back(*message, decode);
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  const Id id = Id::of_name("stream");
  return inputs_of(std::vector<Any>{
      Read{.reading = 1, .from = {Position::Kind::beginning, 0}, .credit = 1 << 20},
      Read{.reading = 2,
           .from = {Position::Kind::last, 9},
           .until = 12,
           .topics = {.patterns = {"a.*", "", std::string(255, 'z')}, .prefix = true},
           .credit = 1},
      More{.reading = 2, .credit = 5, .next = 7},
      Stream{.stream = id, .epoch = 3, .first = 2, .head = 9},
      Stream{.stream = id,
             .epoch = 3,
             .first = 2,
             .head = 9,
             .reading = 4,
             .from = 1,
             .next = 8,
             .until = 6,
             .ended = true},
      Records{.reading = 1, .first = 3, .next = 9, .count = 2, .body = Bytes::copy("records")},
      Trimmed{.reading = 1, .first = 0, .next = 3}});
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
