#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/base/error.hpp>
#include <shoal/reqrep/requester_core.hpp>

namespace shoal::reqrep {

/// How a requester writes replies.
enum class ReplyFormat {
  lines,  ///< each ended by a line feed where it has none
  nul,    ///< each ended by a NUL instead of a line feed
  raw,    ///< as they are, one after another
  json,   ///< a JSON line a reply: seq, id, from, status, stderr, stale, payload
};

/// Whether the reply's `error` says why there is no answer, and is not a command's stderr.
bool has_reason(const Reply& reply);

/// The exit status of a program that has asked this one request: that of the remote command
/// (128 + n for signal n), 124 for what took too long, 65 for what is
/// unfit, 69 where nobody answered. When replies were
/// gathered from several (`scatter`): 0 when all of them are, else 1.
int exit_status(const Ended& ended, bool scatter);

/// What there is to say about a request that did not end well, a line for each thing, safe for a
/// terminal; nothing when all is well. `timeout` is what it was given.
std::vector<std::string> faults(const Ended& ended, Duration timeout);

/// Adds what came of the request as it stands in the output; where nothing came, only JSON tells.
/// Scattered replies get the node that made them in front, and a tab. `stale`: from the store.
void append_replies(std::string& text, ReplyFormat format, std::uint64_t seq, const Ended& ended,
                    bool scatter, bool stale, Duration timeout);

/// The JSON line of a request that was never sent, and why.
void append_unasked(std::string& text, std::uint64_t seq, ExitCode status,
                    const std::string& reason);

}  // namespace shoal::reqrep
