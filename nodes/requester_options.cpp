#include "requester_options.hpp"

#include <charconv>

#include <shoal/app/header_options.hpp>
#include <shoal/base/units.hpp>

namespace shoal::nodes {
namespace {

Error usage(const std::string& text) {
  return Error(text, ExitCode::usage);
}

/// N/DUR, such as 5/5s.
reqrep::Breaker parse_breaker(const std::string& text) {
  constexpr std::uint32_t most_failures = 1'000'000;
  reqrep::Breaker breaker;
  const char* end = text.data() + text.size();
  auto [slash, error] = std::from_chars(text.data(), end, breaker.failures);
  bool whole = error == std::errc() && slash != end && *slash == '/' && breaker.failures > 0 &&
               breaker.failures <= most_failures;
  Result<Duration> pause = parse_duration(whole ? std::string_view(slash + 1, end) : "");
  if (!pause) {
    throw usage("--breaker " + text + ": write N/DUR, such as 5/5s: after 5 failures, for 5s");
  }
  breaker.pause = *pause;
  return breaker;
}

}  // namespace

void declare_requester(app::CommandLine& line, RequesterArguments& arguments) {
  reqrep::RequestRunOptions& run = arguments.run;
  reqrep::RequesterOptions& requester = run.requester;
  line.positional("BODY", run.body, "the request; without it every line of stdin is one");
  line.group("Network");
  app::declare_endpoints(line, "-c,--connect,--dial", requester.connects,
                         "dial repliers (tcp://127.0.0.1:5020, without -b)");
  app::declare_endpoints(line, "-b,--bind,--listen", requester.binds,
                         "listen for repliers that dial");
  line.option("--reply-bind", "ENDPOINT", requester.reply_bind,
              "listen here for the last replier of a chain, which then answers directly");
  line.group("Asking");
  line.option("-W,--timeout", "DUR", run.timeout, "the deadline of each request, retries included");
  line.number("--retries", "N", requester.core.retries, 0, 1'000'000,
              "try a request again so often when its replier dies or fails, elsewhere if possible");
  line.number("--in-flight", "N", run.in_flight, 1, 10'000'000,
              "so many requests at a time that are open or unprinted");
  line.flag("--all", arguments.all, "every replier gets each request, and all replies are printed");
  line.number("--replies", "N", requester.core.wanted, 0, 1'000'000,
              "like --all, but N replies are enough");
  line.flag("--notify", requester.core.notify,
            "one way: a replier's word that it has taken the request is enough");
  line.option("--breaker", "N/DUR", arguments.breaker,
              "after N failures in a row leave a replier alone for DUR, then try one request");
  line.option("--stale", "DUR", run.stale,
              "when nobody can answer, print the last good reply to the same request if it is no "
              "older, and say so");
  line.option("--stale-file", "FILE", run.stale_file, "keep good replies for --stale in FILE");
  line.option("-H,--header", "KEY:VALUE", arguments.headers, "send a header with every request");
  line.max_size(requester.max_size, "the largest request and reply");
  line.group("Input and output");
  line.flag("-0,--null", arguments.null, "requests and replies end with NUL, not a line feed");
  line.flag("--unordered", run.unordered, "print replies as they come, not in the order asked");
  line.flag("--raw", arguments.raw, "print replies as they are, with nothing between them");
  line.flag("-J,--jsonl", arguments.json,
            "replies as JSON lines: seq, id, from, status, stderr, stale, payload");
  app::declare_security(line, arguments.security);
}

reqrep::RequestRunOptions run_options(const RequesterArguments& arguments) {
  if (arguments.json + arguments.raw + (arguments.null && arguments.run.body) > 1) {
    throw usage("-J, --raw and -0 do not go together: choose one");
  }
  reqrep::RequestRunOptions run = arguments.run;
  reqrep::RequesterCoreOptions& core = run.requester.core;
  core.scatter = arguments.all || core.wanted > 0;
  if (arguments.all && core.wanted > 0) throw usage("--all and --replies: choose one");
  if (core.scatter && core.notify) throw usage("--notify goes to one replier: leave --all out");
  if (run.timeout <= Duration(0)) throw usage("--timeout: more than 0");
  if (run.stale.has_value() == run.stale_file.empty()) {
    throw usage("--stale DUR and --stale-file FILE go together: how old, and kept where");
  }
  if (run.stale && (core.scatter || core.notify)) {
    throw usage("--stale is for requests with one reply: leave --all, --replies and --notify out");
  }
  core.breaker = parse_breaker(arguments.breaker);
  run.headers = app::parse_headers(arguments.headers);
  if (arguments.null) run.delimiter = '\0';
  if (arguments.null) run.format = reqrep::ReplyFormat::nul;
  if (arguments.json) run.format = reqrep::ReplyFormat::json;
  if (arguments.raw) run.format = reqrep::ReplyFormat::raw;
  return run;
}

}  // namespace shoal::nodes
