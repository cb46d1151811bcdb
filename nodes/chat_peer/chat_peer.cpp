// shoal chat-peer: talks to other peers, in a terminal and for browsers.

#include <csignal>
#include <functional>
#include <memory>

#include <shoal/app/logging.hpp>
#include <shoal/app/node_loop.hpp>
#include <shoal/app/run_main.hpp>

#include "chat_peer_options.hpp"
#include "talk.hpp"

using namespace shoal;

namespace {

int run(nodes::ChatPeerArguments& arguments) {
  nodes::ChatPeerPlan plan = nodes::plan_of(arguments);
  app::NodeLoop loop(arguments);
  std::function<void(const chat::Event&)> tell = [](const chat::Event&) {};
  chat::ChatPeer peer(loop.context(), loop.reactor(), arguments.peer,
                      [&](const chat::Event& event) { tell(event); });
  std::unique_ptr<nodes::Talk> talk;
  std::unique_ptr<chat::Pages> pages;
  std::unique_ptr<chat::PlainLane> lane;
  tell = [&](const chat::Event& event) {
    talk->on_event(event);
    if (pages) pages->on_event(event);
    if (lane) lane->on_event(event);
  };
  if (plan.pages) {
    pages = std::make_unique<chat::Pages>(loop.reactor(), peer, *std::move(plan.pages));
    log_info("the page is at " + pages->url());
  }
  if (plan.plain) {
    lane = std::make_unique<chat::PlainLane>(loop.context(), loop.reactor(), peer, *plan.plain);
  }
  talk = std::make_unique<nodes::Talk>(loop.reactor(), peer, plan.console, plan.keep_open);
  auto finished = [&] {
    if (!talk->finished()) return false;
    if (lane) lane->close();
    return !lane || lane->closed();
  };
  auto moved = [&] { return talk->moved() + (lane ? lane->moved() : 0); };
  std::optional<int> code =
      loop.run({.drain = [&] { talk->drain(); },
                .finished = finished,
                .moved = moved,
                .had_peer = [&] { return peer.had_peer() || (lane && lane->had_peer()); }});
  if (code) return *code;
  return talk->output_closed() ? 128 + SIGPIPE : static_cast<int>(ExitCode::ok);
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_main<nodes::ChatPeerArguments>(
      argc, argv,
      {.name = "chat-peer",
       .summary = "Chats with other peers, and serves browsers that do; there is no server.",
       .examples = {{"shoal chat-peer --nick anna", "the first peer, at the usual endpoint"},
                    {"shoal chat-peer --nick bert -b 5041 -c 5040 --http 127.0.0.1:8080",
                     "the second, with a page for browsers"},
                    {"echo 'backup done' | shoal chat-peer --nick bot -c 5040",
                     "says it, and leaves"}}},
      nodes::declare_chat_peer, run);
}
