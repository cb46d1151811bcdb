// The messages of request/reply.

#include <shoal/wire/reqrep_messages.hpp>

#include "message_input.hpp"

using namespace shoal;
using namespace shoal::wire;
using namespace shoal::wire::reqrep;

namespace {

/// The bodies are pieces of the message's, and nothing else.
void use(const Requests& requests, std::size_t body) {
  SHOAL_ASSERT(!requests.requests.empty() && requests.requests.size() <= most_in_batch);
  SHOAL_ASSERT(headers_fit(requests.headers) && requests.path.size() <= most_path);
  std::size_t bytes = 0;
  for (const Request& request : requests.requests) {
    SHOAL_ASSERT(!request.id.is_nil() && request.remaining >= Duration(0));
    bytes += request.body.size();
  }
  SHOAL_ASSERT(bytes == body);
}

void use(const Replies& replies, std::size_t body) {
  SHOAL_ASSERT(!replies.replies.empty() && replies.replies.size() <= most_in_batch);
  std::size_t bytes = 0;
  for (const Reply& reply : replies.replies) {
    SHOAL_ASSERT(!reply.id.is_nil() && reply.kind <= ReplyKind::unfit);
    bytes += reply.output.size() + reply.error.size();
  }
  SHOAL_ASSERT(bytes == body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Message input = fuzz::message_of(fuzz::text_of(data, size));
  Result<Any> message = decode(input);
  if (!message) return 0;
  if (const auto* requests = std::get_if<Requests>(&*message)) use(*requests, input.body.size());
  if (const auto* replies = std::get_if<Replies>(&*message)) use(*replies, input.body.size());
  fuzz::check_reads_back(*message, decode);
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  const Id one = Id::of_name("one");
  const Id two = Id::of_name("two");
  return inputs_of(std::vector<Any>{
      Requests{.requests = {{one, std::chrono::seconds(1), Bytes::copy("a")}}},
      Requests{.requests = {{one, std::chrono::seconds(1), Bytes::copy("a")},
                            {two, Duration::max(), Bytes::copy("bc")}},
               .attempt = 2,
               .hops = 3,
               .notify = true,
               .return_to = "tcp://127.0.0.1:5021",
               .headers = {{"key", "value"}, {"", ""}},
               .path = {two, one}},
      Waiting{one, {two}}, Cancel{{one, two}}, Got{{two}},
      Replies{{{.id = one, .output = Bytes::copy("out")}}},
      Replies{{{.id = one, .kind = ReplyKind::signalled, .status = 9, .from = two},
               {.id = two, .output = Bytes::copy("out"), .error = Bytes::copy("err")}}}});
}

std::size_t fuzz::replayed_mutations() {
  return usual_mutations;
}
