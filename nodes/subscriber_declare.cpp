#include <limits>

#include <shoal/stream/stream_writer.hpp>

#include "subscriber_options.hpp"

namespace shoal::nodes {

void declare_subscriber(app::CommandLine& line, SubscriberArguments& arguments) {
  stream::SubscribeRunOptions& run = arguments.run;
  line.group("Live, the default");
  app::declare_endpoints(line, "-c,--connect,--dial", arguments.connects,
                         "dial publishers, also other ZeroMQ programs (tcp://127.0.0.1:5030, "
                         "without -b)");
  app::declare_endpoints(line, "-b,--bind,--listen", arguments.binds,
                         "listen for publishers that dial");
  line.group("Streams: nothing is missed");
  line.option("--stream", "[ENDPOINTS]", arguments.streams,
              "read the streams of publishers there; without ENDPOINTS, and with any option below, "
              "at tcp://127.0.0.1:5031");
  line.implied(stream::stream_endpoint);
  app::declare_endpoints(line, "--stream-bind", arguments.stream_binds,
                         "listen for publishers that dial with their streams");
  line.option("--from", "WHERE", arguments.from,
              "begin at an offset, beginning (the default), end, -N (the last N), @TIME or "
              "DUR-ago; where a cursor stands already, it counts");
  line.flag("--last", arguments.last, "begin with the last record of each topic");
  line.option("--cursor", "FILE", run.output.cursor,
              "remember in FILE what was read: the same command goes on there. With -o both go on "
              "together, exactly once whatever is killed");
  line.flag("--skip-trimmed", arguments.skip_trimmed,
            "what the publisher's log does not hold any more is no failure");
  line.group("What and how much");
  line.option("-s,--subscribe", "PATTERN", arguments.patterns,
              "only these topics: words between dots, `*` for one word, `#` for any number");
  line.option("--prefix", "TEXT", arguments.prefixes, "only topics that begin with TEXT");
  line.number("-n,--count", "N", run.count, 1, std::numeric_limits<std::int64_t>::max(),
              "leave after N messages");
  line.flag("--until-end", run.until_end,
            "a stream: leave when all that was there at the start has been read; with -b or -c: "
            "when the publishers have ended. Without it a subscriber waits for more, also when "
            "they leave");
  line.option("-W,--timeout", "TIME", run.timeout, "leave after so long: exit 124");
  line.group("Output");
  line.option("-o,--output", "FILE", run.output.output,
              "write to FILE, in place of what is in it; with --cursor behind that, and the same "
              "command goes on there. Default: stdout");
  line.flag("--raw", arguments.raw, "the payload alone; the default");
  line.flag("-J,--jsonl", arguments.json,
            "JSON lines: ts, topic, from, seq, offset, epoch, headers, payload; and an event for "
            "what is missing");
  line.option("--format", "TEMPLATE", arguments.format,
              "%t topic, %p payload, %o offset, %e epoch, %s sequence, %T time, %h{NAME} header, "
              "%f from");
  line.flag("-0,--null", arguments.null, "messages end with NUL instead of a line feed");
  app::declare_security(line, arguments.security);
}

}  // namespace shoal::nodes
