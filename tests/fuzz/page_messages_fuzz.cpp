// What a browser says to a chat-peer: one JSON object a frame.

#include <shoal/base/assert.hpp>
#include <shoal/wire/page_messages.hpp>

#include "target.hpp"

using namespace shoal;
namespace page = wire::page;

namespace {

void check(const page::Hello& hello) {
  SHOAL_ASSERT(wire::chat::is_name(hello.nick));
  SHOAL_ASSERT(hello.rooms.size() <= wire::chat::most_rooms);
}

void check(const page::Post& post) {
  SHOAL_ASSERT(wire::chat::is_name(post.room) && wire::chat::is_text(post.text));
}

void check(const page::Direct& direct) {
  SHOAL_ASSERT(wire::chat::is_name(direct.to) && wire::chat::is_text(direct.text));
}

void check(const page::Nick& nick) {
  SHOAL_ASSERT(wire::chat::is_name(nick.nick));
}

template <typename OfRoom>
void check(const OfRoom& message) {
  SHOAL_ASSERT(wire::chat::is_name(message.room));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::text_of(data, size);
  Result<page::FromPage> message = page::decode(text);
  page::say_trouble("", page::subject_of(text));
  if (message) std::visit([](const auto& content) { check(content); }, *message);
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  const std::string id(32, 'a');
  return {
      R"({"type":"hello","nick":"ann","session":"x","rooms":["lobby","den"],"token":"t","seen":{")" +
          id + R"(":7}})",
      R"({"type":"post","tag":281474976710656,"room":"den","kind":"does","text":"waves"})",
      R"({"type":"direct","id":")" + id + R"(","to":"bob","text":"hi"})",
      R"({"type":"join","room":"den"})",
      R"({"type":"nick","nick":"eve"})",
      R"({"type":"history","room":"den","before":{"clock":"99","author":")" + id +
          R"(","seq":3}})"};
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
