// What a spool's note says of a batch, and the batch that comes of it. An input is the count of
// records, the size of the note, the note, and the payload.

#include <shoal/base/assert.hpp>
#include <shoal/base/error.hpp>
#include <shoal/pipeline/spool_note.hpp>

#include "target.hpp"

using namespace shoal;

namespace {

std::string input_of(const wire::Batch& batch) {
  std::string note = pipeline::spool_note(batch);
  std::string input{static_cast<char>(batch.range.count), static_cast<char>(note.size())};
  return input + note + std::string(batch.payload.view());
}

void use(const wire::Batch& batch) {
  SHOAL_ASSERT(batch.well_formed());
  if (batch.framing == wire::Framing::opaque) return;
  const Seq middle = batch.range.count / 2;
  std::size_t bytes = 0;
  if (middle > 0) bytes += batch.slice({batch.range.first, middle}).payload.size();
  bytes += batch.slice({batch.range.first + middle, batch.range.count - middle}).payload.size();
  SHOAL_ASSERT(bytes == batch.payload.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view rest = fuzz::text_of(data + 2, size - 2);
  std::string_view note = rest.substr(0, data[1]);
  try {
    use(pipeline::batch_of({9, data[0]}, note, Bytes::copy(rest.substr(note.size()))));
  } catch (const Error& error) {
    SHOAL_ASSERT(error.code() == ExitCode::bad_data);
  }
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  wire::Batch lines{.range = {9, 3}, .payload = Bytes::copy("a\n\nccc\n")};
  wire::Batch sized{.range = {9, 3}, .framing = wire::Framing::sized, .sizes = {1, 0, 3}};
  sized.payload = Bytes::copy("accc");
  wire::Batch opaque{.range = {9, 200}, .framing = wire::Framing::opaque};
  opaque.payload = Bytes::copy("blob");
  return {input_of(lines), input_of(sized), input_of(opaque)};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
