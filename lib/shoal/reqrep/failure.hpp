#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <shoal/wire/reqrep_messages.hpp>

namespace shoal::reqrep {

/// A reply that says why a request could not be run; another attempt may do better.
wire::reqrep::Reply failure(std::string reason);

/// A reply that says what is wrong with the request, or with what was made of it: no other attempt
/// would change that.
wire::reqrep::Reply unfit(std::string reason);

/// As unfit(): `what` ("request" or "reply") has `size` bytes, and `who` takes no more than
/// `takes`.
wire::reqrep::Reply too_large(std::string_view what, std::uint64_t size, std::string_view who,
                              std::uint64_t takes);

/// As unfit(): the command was ended when it had written more than `max_output` bytes.
wire::reqrep::Reply too_much_output(std::uint64_t max_output);

}  // namespace shoal::reqrep
