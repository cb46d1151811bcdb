#include "talk.hpp"

#include <algorithm>

#include <shoal/base/utf8.hpp>

namespace shoal::nodes {
namespace {

// In which who has just been linked tells of all the others.
constexpr Duration introduction = std::chrono::milliseconds(250);

}  // namespace

Talk::Talk(runtime::Reactor& reactor, chat::ChatPeer& peer, chat::ConsoleOptions options,
           bool keep_open)
    : reactor_(reactor),
      peer_(peer),
      keep_open_(keep_open),
      console_(peer, std::move(options), peer.moment()),
      met_(keep_open),
      alarm_(reactor,
             [this] {
               console_.tick(peer_.moment());
               alarm_.set(console_.next_tick());
             }),
      working_(reactor.before_wait([this] { return work(); })) {
  alarm_.set(console_.next_tick());
  open(reactor);
}

void Talk::open(runtime::Reactor& reactor) {
  auto line = [this](std::string_view text) { console_.on_line(text, peer_.moment()); };
  if (console_.is_for_people() && app::LineEditor::is_possible()) {
    editor_.emplace(
        reactor, prompt(),
        app::LineEditorEvents{
            .line = line,
            .end = [this] { ended_ = true; },
            .complete = [this](std::string_view typed) { return console_.completions(typed); }});
  } else {
    pipe_.emplace(
        reactor, [this] { return wants_lines(); }, line);
  }
}

std::string Talk::prompt() const {
  return console_.room().empty() ? "> " : "[" + printable(console_.room()) + "] ";
}

void Talk::on_event(const chat::Event& event) {
  ++events_;
  console_.on_event(event, peer_.moment());
  alarm_.set(console_.next_tick());
}

bool Talk::wants_lines() {
  return !draining_ && !console_.quit() && has_met();
}

bool Talk::has_met() {
  if (met_) return true;
  auto here = [](const chat::Peer& peer) { return peer.linked && peer.here; };
  Time now = reactor_.now();
  if (linked_ == never && std::ranges::any_of(peer_.core().peers(now), here)) {
    linked_ = now;
    alarm_.set(now + introduction);
  }
  met_ = linked_ != never && now >= linked_ + introduction;
  return met_;
}

bool Talk::is_over() const {
  bool leaving = console_.quit() || draining_ || ended_;
  if (leaving) return !peer_.core().is_linked() || peer_.core().is_spread();
  return pipe_ && pipe_->ended() && !keep_open_ && console_.is_said();
}

/// Once a round.
bool Talk::work() {
  if (pipe_) pipe_->pull();
  if (is_over()) peer_.close();
  std::string text = console_.take_output();
  if (pipe_) {
    pipe_->print(std::move(text));
  } else {
    if (!text.empty()) editor_->print(text);
    editor_->set_prompt(prompt());
  }
  return false;
}

bool Talk::finished() const {
  return output_closed() || (peer_.finished() && (!pipe_ || pipe_->is_printed()));
}

}  // namespace shoal::nodes
