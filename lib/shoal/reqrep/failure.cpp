#include <shoal/base/units.hpp>
#include <shoal/reqrep/failure.hpp>

namespace shoal::reqrep {

using wire::reqrep::Reply;
using wire::reqrep::ReplyKind;

Reply failure(std::string reason) {
  return {.kind = ReplyKind::failed, .error = Bytes::take(std::move(reason))};
}

Reply unfit(std::string reason) {
  return {.kind = ReplyKind::unfit, .error = Bytes::take(std::move(reason))};
}

Reply too_large(std::string_view what, std::uint64_t size, std::string_view who,
                std::uint64_t takes) {
  return unfit("the " + std::string(what) + " is too large: " + format_count(size) +
               " bytes, and the " + std::string(who) + " takes " + format_size(takes) +
               "; raise its --max-size or send less");
}

Reply too_much_output(std::uint64_t max_output) {
  return unfit("the command wrote more output than its replier takes, which is " +
               format_size(max_output) + "; raise its --max-size or have it write less");
}

}  // namespace shoal::reqrep
