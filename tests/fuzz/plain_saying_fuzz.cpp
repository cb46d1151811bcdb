// What any program publishes on chat's plain lane: topic and payload, divided by the first NUL.

#include <shoal/base/assert.hpp>
#include <shoal/chat/plain_saying.hpp>

#include "target.hpp"

using namespace shoal;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  std::size_t nul = std::min(text.find('\0'), text.size());
  std::string_view payload = text.substr(std::min(nul + 1, text.size()));
  Result<chat::PlainSaying> saying = chat::read_plain(text.substr(0, nul), payload);
  if (!saying) return 0;
  SHOAL_ASSERT(wire::chat::is_name(saying->nick));
  SHOAL_ASSERT(saying->room.empty() || wire::chat::is_name(saying->room));
  SHOAL_ASSERT(wire::chat::is_text(saying->text));
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  using namespace std::string_literals;
  return {"chat\0{\"nick\":\"py\",\"room\":\"den\",\"text\":\"hi\",\"kind\":\"does\"}"s,
          "chat\0bare text"s, "chat one frame"s};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
