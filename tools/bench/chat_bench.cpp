#include "chat_bench.hpp"

#include <fstream>
#include <thread>

#include <shoal/base/error.hpp>
#include <shoal/chat/chat_peer.hpp>
#include <shoal/runtime/log.hpp>
#include <shoal/runtime/startup.hpp>

#include "browsers.hpp"
#include "child.hpp"
#include "relays.hpp"

namespace shoal::bench {
namespace {

constexpr Duration interval = std::chrono::milliseconds(5);  // 200 messages a second
constexpr Duration longest_wait = std::chrono::seconds(30);

double quantile(const std::vector<double>& ascending, double share) {
  return ascending.at(static_cast<std::size_t>(share * static_cast<double>(ascending.size() - 1)));
}

class Runs {
 public:
  Runs(const ChatOptions& options, std::filesystem::path nodes)
      : options_(options), nodes_(std::move(nodes)), work_(options.transport) {}

  std::vector<double> shoal() {
    const std::string middle = work_.endpoint();
    Server hub = serve({"-b", middle});
    // Who does not listen cannot be dialled: so it stays a row.
    Server left = serve({"-c", middle});
    Server right = serve({"-c", middle});
    Browsers crowd;
    crowd.open(left.url(), options_.browsers / 2);
    crowd.open(right.url(), options_.browsers / 2);
    return talk(crowd, options_.messages, interval);
  }

  std::vector<double> bare() {
    std::vector<std::string> at;
    for (int i = 0; i < 10; ++i) at.push_back(work_.endpoint());
    Child left = relay({at[0], at[1], at[6], at[7]});
    Child hub = relay({at[2], at[3], at[7], at[6], at[8], at[9]});
    Child right = relay({at[4], at[5], at[9], at[8]});
    BareCrowd crowd;
    crowd.open(at[0], at[1], options_.browsers / 2);
    crowd.open(at[4], at[5], options_.browsers / 2);
    return talk(crowd, options_.messages, interval);
  }

  /// Milliseconds from the start of a late peer until it has been told everything.
  double history() {
    const std::string endpoint = work_.endpoint();
    const Input lines = work_.write_lines(options_.history, 64);
    Child teller({.argv = {program("chat_peer"), "--nick", "teller", "-b", endpoint, "--keep-open"},
                  .in = lines.file,
                  .err = work_.fresh("err")});
    hear_all(endpoint);  // once it holds all of them
    return hear_all(endpoint);
  }

  /// Bytes that a server needs for one more browser.
  double idle_browser() {
    Server server = serve({"-b", work_.endpoint()});
    Browsers crowd;
    const std::uint64_t few = options_.idle / 5;
    crowd.open(server.url(), few);
    settle(crowd);
    const std::uint64_t before = server.process.resident_bytes();
    crowd.open(server.url(), options_.idle - few);
    settle(crowd);
    const std::uint64_t after = server.process.resident_bytes();
    return (static_cast<double>(after) - static_cast<double>(before)) /
           static_cast<double>(options_.idle - few);
  }

 private:
  struct Server {
    Child process;
    std::string said;  // the file of its stderr

    /// Of its page. Waits until it has one.
    std::string url() const {
      const Time deadline = std::chrono::steady_clock::now() + longest_wait;
      while (std::chrono::steady_clock::now() < deadline) {
        std::ifstream in(said);
        std::string word;
        while (in >> word) {
          if (word.starts_with("http://") && word.ends_with("/")) return word;
        }
        std::this_thread::sleep_for(interval);
      }
      throw Error("a chat-peer did not tell where its page is");
    }
  };

  std::string program(const std::string& name) const { return (nodes_ / name).string(); }

  Server serve(const std::vector<std::string>& arguments) {
    const std::string said = work_.fresh("err");
    std::vector<std::string> argv{program("chat_peer"), "--nick",
                                  "peer-" + std::to_string(++peers_), "--http", "127.0.0.1:0"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return {Child({.argv = std::move(argv), .err = said}), said};
  }

  Child relay(const std::vector<std::string>& endpoints) {
    std::vector<std::string> argv{program("bench"), "bare", "chat-relay"};
    argv.insert(argv.end(), endpoints.begin(), endpoints.end());
    return Child({.argv = std::move(argv), .err = work_.fresh("err")});
  }

  double hear_all(const std::string& endpoint) const {
    const Time begun = std::chrono::steady_clock::now();
    runtime::Reactor reactor;
    net::Context context(reactor, {});
    std::uint64_t heard = 0;
    chat::ChatPeer late(context, reactor, {.connects = {endpoint}}, [&](const chat::Event& event) {
      if (std::holds_alternative<chat::Arrived>(event)) ++heard;
    });
    auto overdue = reactor.at(begun + longest_wait,
                              [] { throw Error("a late peer was not told everything in 30 s"); });
    reactor.run_until([&] { return heard >= options_.history; });
    const Duration took = std::chrono::steady_clock::now() - begun;
    late.close();
    reactor.run_until([&] { return late.finished(); });
    return std::chrono::duration<double, std::milli>(took).count();
  }

  /// Until the news of who has come has reached everybody.
  static void settle(Browsers& crowd) {
    const Time until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (std::chrono::steady_clock::now() < until) crowd.listen(until);
  }

  const ChatOptions& options_;
  std::filesystem::path nodes_;
  Workspace work_;
  unsigned peers_ = 0;
};

}  // namespace

std::vector<Row> measure_chat(const ChatOptions& options, const std::filesystem::path& nodes) {
  constexpr double history_wanted = 1000;
  const std::string against = "bare ZeroMQ relays, PUSH in and PUB out";
  std::vector<Row> rows{
      {.name = "200 messages/s to " + std::to_string(options.browsers) + " browsers, p50",
       .unit = Unit::microseconds,
       .shoal = {},
       .against = against,
       .baseline = {},
       .wanted = std::nullopt},
      {.name = "the same: p99",
       .unit = Unit::microseconds,
       .shoal = {},
       .against = against,
       .baseline = {},
       .wanted = std::nullopt},
      {.name = std::to_string(options.history) + " messages of history to a late peer",
       .unit = Unit::milliseconds,
       .shoal = {},
       .against = "",
       .baseline = {},
       .wanted = history_wanted},
      {.name = "memory of a server for an idle browser",
       .unit = Unit::bytes,
       .shoal = {},
       .against = "",
       .baseline = {},
       .wanted = std::nullopt}};
  runtime::raise_fd_limit();  // of a socket each
  Runs runs(options, nodes);
  for (int run = 1; run <= options.runs; ++run) {
    log_info("run " + std::to_string(run) + " of " + std::to_string(options.runs));
    const std::vector<double> bare = runs.bare();
    const std::vector<double> shoal = runs.shoal();
    for (std::size_t row : {0U, 1U}) {
      const double share = row == 0 ? 0.5 : 0.99;
      rows[row].baseline.values.push_back(quantile(bare, share));
      rows[row].shoal.values.push_back(quantile(shoal, share));
    }
    rows[2].shoal.values.push_back(runs.history());
    rows[3].shoal.values.push_back(runs.idle_browser());
  }
  return rows;
}

}  // namespace shoal::bench
