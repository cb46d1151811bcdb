// The messages of chat. An input is the size of the head (2 octets, little-endian), the head, and
// the body.

#include <shoal/base/assert.hpp>
#include <shoal/wire/chat_messages.hpp>

#include "message_input.hpp"
#include "target.hpp"

using namespace shoal;
using namespace shoal::wire;
using namespace shoal::wire::chat;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<Any> message = decode(fuzz::message_of(fuzz::text_of(data, size)));
  if (!message) return 0;
  if (const auto* post = std::get_if<Post>(&*message)) {
    SHOAL_ASSERT(is_name(post->nick) && is_name(post->room) && is_text(post->text));
    SHOAL_ASSERT(post->first <= post->seq);
  }
  if (const auto* about = std::get_if<About>(&*message)) {
    SHOAL_ASSERT(about->users.size() <= most_users && about->links.size() <= most_links);
  }
  Message coded = encode(*message);
  Result<Any> again = decode(coded);
  SHOAL_ASSERT(again && again->index() == message->index());
  SHOAL_ASSERT(encode(*again).body == coded.body);
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  const Id a = Id::of_name("a");
  const Id b = Id::of_name("b");
  Post post{.author = a, .seq = 3, .first = 1, .clock = 9, .nick = "anna", .room = "lobby"};
  post.text = "hello";
  Direct direct{.id = a, .origin = b, .target = a, .nick = "anna", .to = "bert"};
  direct.text = "psst";
  const std::vector<Any> messages{Have{.all = true, .logs = {{a, 5}, {b, 1}}},
                                  post,
                                  About{.node = a,
                                        .version = 7,
                                        .age = std::chrono::seconds(3),
                                        .nick = "anna",
                                        .endpoints = {"tcp://host:5040"},
                                        .links = {b},
                                        .users = {{"anna", {"attic", "lobby"}}, {"bert", {}}}},
                                  About{.node = b, .version = 2, .left = true},
                                  direct,
                                  Receipt{.id = a, .origin = b, .outcome = Outcome::no_such_nick}};
  std::vector<std::string> inputs;
  for (const Any& message : messages) inputs.push_back(input_of(encode(message)));
  return inputs;
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
