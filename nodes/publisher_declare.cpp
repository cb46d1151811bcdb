#include "publisher_options.hpp"

namespace shoal::nodes {
namespace {

void declare_lanes(app::CommandLine& line, PublisherArguments& arguments) {
  stream::PublishRunOptions& run = arguments.run;
  net::PlainOptions& live = run.live.socket.plain;
  line.group("Network");
  app::declare_endpoints(line, "-b,--bind,--listen", live.binds,
                         "the live lane: listen for subscribers, also other ZeroMQ programs "
                         "(tcp://127.0.0.1:5030, without -c)");
  app::declare_endpoints(line, "-c,--connect,--dial", live.connects,
                         "the live lane: dial subscribers that listen");
  app::declare_endpoints(line, "--stream-bind", run.writer.binds,
                         "the stream: listen for its readers (tcp://127.0.0.1:5031, without "
                         "--stream-connect)");
  app::declare_endpoints(line, "--stream-connect", run.writer.connects,
                         "the stream: dial readers that listen");
  line.number("--wait-subscribers", "N", run.wait_subscribers, 0, 1000,
              "read nothing before N subscribers are there, live ones and readers of the stream "
              "together");
  line.choice("--on-full", "drop|block", run.live.socket.block, {{"drop", false}, {"block", true}},
              "a live subscriber that does not keep up misses messages, and counts them; or it "
              "holds everyone up");
  app::declare_timeout(line, arguments.idle_limit);
}

}  // namespace

void declare_publisher(app::CommandLine& line, PublisherArguments& arguments) {
  stream::PublishRunOptions& run = arguments.run;
  line.positionals("FILE...", run.input.files, "messages, one a line; `-` and none at all: stdin");
  declare_lanes(line, arguments);
  line.group("Messages");
  line.option("-t,--topic", "TOPIC", run.input.topic, "their topic: words between dots");
  line.option("-K,--key-delimiter", "DELIM", arguments.key_delimiter,
              "each line is a topic, DELIM and a payload");
  line.flag("-J,--jsonl", arguments.json,
            "each line is a JSON object as subscriber -J prints them: topic, headers, payload or "
            "payload_b64");
  line.option("-H,--header", "KEY:VALUE", arguments.headers, "send a header with every message");
  line.flag("-0,--null", arguments.null, "lines end with NUL, not a line feed");
  line.flag("--skip-bad", run.input.skip_bad,
            "pass over lines that make no message, and count them, instead of ending there");
  line.option("--rate", "N/s", arguments.rate, "publish no more than N messages a second");
  line.size("--max-size", "SIZE", run.input.max_size, "the largest message");
  line.group("Log");
  line.option("--log", "DIR", arguments.log,
              "keep every message in DIR, on the disk before anyone sees it; the next publisher "
              "there goes on with the same stream");
  line.option("--fsync", "WHEN", arguments.fsync,
              "group: what came together is synced together, and then published; interval:DUR: "
              "every DUR; none: a power cut may take what was published");
  line.size("--segment", "SIZE", arguments.segment, "begin a new file of the log after so much");
  line.size("--retain-size", "SIZE", arguments.retain_size,
            "remove the oldest files of the log when it is larger");
  line.option("--retain-age", "DUR", arguments.retain_age,
              "remove files of the log with nothing younger in them");
  line.size("--memory", "SIZE", arguments.memory,
            "without --log: keep the latest messages for readers who join late (64M)");
  line.group("The end");
  line.option("--linger", "DUR", run.linger,
              "stay so long after the input ends; without it until those who are connected have "
              "everything (a live subscriber that takes nothing is waited for ten seconds)");
  line.flag("--stay", run.stay, "stay after the input ends, until a signal");
  app::declare_security(line, arguments.security);
}

}  // namespace shoal::nodes
