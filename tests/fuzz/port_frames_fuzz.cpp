// The first frames of a Port's messages, HELLO and REFUSE among them.

#include <shoal/base/assert.hpp>
#include <shoal/wire/port_frames.hpp>

#include "target.hpp"

using namespace shoal;
using namespace shoal::wire;

namespace {

void decode_content(FrameKind kind, std::string_view content) {
  if (kind == FrameKind::hello) {
    Result<Hello> hello = decode_hello(content);
    if (hello) SHOAL_ASSERT(decode_hello(frame_content(encode_hello(*hello))));
  } else if (kind == FrameKind::refuse) {
    Result<Refuse> refuse = decode_refuse(content);
    if (refuse) SHOAL_ASSERT(decode_refuse(frame_content(encode_refuse(*refuse))));
  } else if (kind == FrameKind::alive || kind == FrameKind::bye) {
    Result<std::uint64_t> count = decode_received(content);
    if (count) SHOAL_ASSERT(*decode_received(frame_content(encode_bye(*count))) == *count);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view frame = fuzz::text_of(data, size);
  if (Result<FrameKind> kind = frame_kind(frame)) decode_content(*kind, frame_content(frame));
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  Hello hello;
  hello.node = Id::of_name("node");
  hello.role = "worker";
  hello.fields = {{"slots", "4"}, {"sink", std::string(16, '\xfe')}};
  return {encode_hello(hello),
          encode_hello({}),
          encode_refuse({RefuseCode::full, "as many peers as we take"}),
          encode_alive(0),
          encode_alive(UINT64_MAX),
          encode_ping(),
          encode_bye(70'000)};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
