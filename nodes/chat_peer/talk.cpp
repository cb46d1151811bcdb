#include "talk.hpp"

#include <algorithm>
#include <unistd.h>

#include <shoal/base/error.hpp>

namespace shoal::nodes {
namespace {

// In which who has just been linked tells of all the others.
constexpr Duration introduction = std::chrono::milliseconds(250);

constexpr std::size_t most_unread = 64UL << 20;  // of our output

}  // namespace

Talk::Talk(runtime::Reactor& reactor, chat::ChatPeer& peer, chat::ConsoleOptions options,
           bool keep_open)
    : reactor_(reactor),
      peer_(peer),
      keep_open_(keep_open),
      console_(peer, std::move(options), peer.moment()),
      output_(reactor, STDOUT_FILENO, "stdout", {}),
      input_(reactor, {.max_record = wire::chat::most_text * 8}, [this] { pull(); }),
      met_(keep_open),
      alarm_(reactor,
             [this] {
               console_.tick(peer_.moment());
               alarm_.set(console_.next_tick());
             }),
      working_(reactor.before_wait([this] { return work(); })) {
  alarm_.set(console_.next_tick());
  pull();
}

void Talk::on_event(const chat::Event& event) {
  console_.on_event(event, peer_.moment());
  alarm_.set(console_.next_tick());
}

/// Takes in what stands on stdin; what it has to say waits until it may.
void Talk::pull() {
  while (!ended_ && !draining_ && !console_.quit()) {
    if (!block_) {
      runtime::Pulled pulled = input_.next();
      if (pulled.kind == runtime::Pulled::Kind::later) return;
      if (pulled.kind == runtime::Pulled::Kind::failed) throw Error(pulled.reason);
      ended_ = pulled.kind == runtime::Pulled::Kind::end;
      if (ended_) return;
      block_ = std::move(pulled.bytes);
    }
    if (!may_say()) return;
    std::string_view lines = *block_;
    while (!lines.empty() && !console_.quit()) {
      std::size_t end = lines.find('\n');
      console_.on_line(lines.substr(0, end), peer_.moment());
      lines.remove_prefix(std::min(end, lines.size() - 1) + 1);
    }
    block_.reset();
  }
}

bool Talk::may_say() {
  if (met_) return true;
  auto here = [](const chat::Peer& peer) { return peer.linked && peer.here; };
  Time now = reactor_.now();
  bool linked = linked_ != never || std::ranges::any_of(peer_.core().peers(now), here);
  if (linked && linked_ == never) {
    linked_ = now;
    alarm_.set(now + introduction);
  }
  met_ = linked && now >= linked_ + introduction;
  return met_;
}

bool Talk::is_over() const {
  bool nobody = !peer_.core().is_linked();
  if (console_.quit() || draining_) return nobody || peer_.core().is_spread();
  return ended_ && !keep_open_ && console_.is_said();
}

/// Once a round.
bool Talk::work() {
  if (block_ && may_say()) pull();
  if (is_over()) peer_.close();
  show();
  return false;
}

void Talk::show() {
  std::string text = console_.take_output();
  if (!text.empty()) output_.write(Bytes::take(std::move(text)));
  if (output_.state() == runtime::ByteSink::State::failed) throw output_.error();
  if (output_.pending_bytes() > most_unread) throw Error("nobody reads stdout; giving up");
}

void Talk::drain() {
  draining_ = true;
}

bool Talk::output_closed() const {
  return output_.state() == runtime::ByteSink::State::closed;
}

bool Talk::finished() const {
  return output_closed() || (peer_.finished() && output_.pending_bytes() == 0);
}

}  // namespace shoal::nodes
