#include <shoal/base/units.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/net/session.hpp>

namespace shoal::net {
namespace {

constexpr std::size_t most_reason = 300;
constexpr const char* connection_lost = "connection lost";

}  // namespace

void Session::greet() {
  write(terms_.hello);
}

void Session::receive(Frames& frames) {
  if (state_ == State::over || muted_) return;
  silent_ticks_ = 0;
  Result<wire::FrameKind> kind = wire::frame_kind(frames.first.to_string_view());
  if (!kind) return malformed(kind.reason());
  bool bulk = *kind == wire::FrameKind::data || *kind == wire::FrameKind::more;
  if (frames.surplus || (frames.second && !bulk)) return malformed("too many frames in a message");
  if (state_ == State::up) {
    receive_up(*kind, frames);
  } else {
    receive_first(*kind, frames);
  }
}

void Session::receive_first(wire::FrameKind kind, Frames& frames) {
  std::string_view content = wire::frame_content(frames.first.to_string_view());
  if (kind == wire::FrameKind::refuse) return receive_refuse(content);
  bool expected = kind == wire::FrameKind::hello && state_ == State::greeting;
  if (!expected) return malformed("a message before the HELLOs");
  receive_hello(content);
}

void Session::receive_up(wire::FrameKind kind, Frames& frames) {
  std::string_view content = wire::frame_content(frames.first.to_string_view());
  switch (kind) {
    case wire::FrameKind::hello:
      return malformed("a second HELLO");
    case wire::FrameKind::refuse:
      return receive_refuse(content);
    case wire::FrameKind::alive:
      return receive_alive(content);
    case wire::FrameKind::ping:
      if (!content.empty()) return malformed("a malformed PING");
      write(wire::encode_alive(in_.received_total()));
      return;
    case wire::FrameKind::data:
    case wire::FrameKind::more:
      return receive_data(kind, frames);
    case wire::FrameKind::bye:
      return receive_bye(content);
  }
}

void Session::receive_hello(std::string_view content) {
  if (content.size() > terms_.limits.head_bytes) return malformed("a HELLO over the limit");
  Result<wire::Hello> hello = wire::decode_hello(content);
  if (!hello) return malformed(hello.reason());
  hello_ = *std::move(hello);
  answer(host_.judge(*this));
}

void Session::answer(const Verdict& verdict) {
  if (state_ == State::over) return;
  if (verdict.wait) {
    bool first = state_ == State::greeting;
    state_ = State::waiting;
    if (first) host_.waiting(*this);
    return;
  }
  if (verdict.refuse) return refuse(verdict.refuse->code, verdict.refuse->reason);
  if (!link_.dialled() && !write(terms_.hello)) return;
  state_ = State::up;
  host_.up(*this);
}

void Session::rejudge() {
  if (state_ == State::waiting) answer(host_.judge(*this));
}

void Session::receive_refuse(std::string_view content) {
  Result<wire::Refuse> refuse = wire::decode_refuse(content);
  if (!refuse) return malformed(refuse.reason());
  std::string reason = printable(std::string_view(refuse->reason).substr(0, most_reason));
  end({.cause = Ending::Cause::refused_us,
       .down = {.left = false, .reason = std::move(reason)},
       .code = refuse->code});
}

void Session::receive_data(wire::FrameKind kind, Frames& frames) {
  if (their_bye_) return malformed("a message after BYE");
  if (kind == wire::FrameKind::more) {
    Result<bool> taken = in_.more(frames);
    if (!taken) malformed(taken.reason());
    return;
  }
  Result<wire::Message> message = in_.data(frames);
  if (!message) return malformed(message.reason());
  host_.message(*this, *std::move(message));
}

void Session::receive_alive(std::string_view content) {
  Result<std::uint64_t> total = wire::decode_received(content);
  if (!total || !out_.acked(*total, std::chrono::steady_clock::now())) {
    return malformed("a malformed ALIVE");
  }
  pump();
}

void Session::receive_bye(std::string_view content) {
  Result<std::uint64_t> total = wire::decode_received(content);
  if (!total || !out_.acked(*total, std::chrono::steady_clock::now())) {
    return malformed("a malformed BYE");
  }
  their_bye_ = *total;
  if (pump()) settle();
}

Sent Session::send(wire::Message message) {
  if (state_ != State::up || muted_ || leaving_ || their_bye_) return Sent::gone;
  if (!out_.has_room(message)) {
    turned_away_ = true;
    return Sent::full;
  }
  bool alone = out_.empty();
  out_.push(std::move(message));
  if (!alone) return Sent::queued;
  said_ = true;
  switch (out_.pump(link_)) {
    case Wrote::done:
      return Sent::sent;
    case Wrote::full:
      return Sent::queued;
    case Wrote::gone:
      break;
  }
  mute();
  return Sent::gone;
}

void Session::leave() {
  if (state_ != State::up) return refuse(wire::RefuseCode::leaving, "about to end");
  leaving_ = true;
  if (pump()) settle();
}

void Session::settle() {
  if (!out_.empty() || (!leaving_ && !their_bye_)) return;
  bool stale = their_bye_ && our_bye_ != in_.received_total();
  if (!our_bye_ || stale) {
    zmq::message_t frame(wire::encode_bye(in_.received_total()));
    Wrote wrote = link_.write(frame, nullptr);
    if (wrote == Wrote::gone) return lost(connection_lost);
    if (wrote == Wrote::full) return;  // tick() tries again
    said_ = true;
    our_bye_ = in_.received_total();
  }
  if (their_bye_ == out_.sent_total()) {
    end({.cause = Ending::Cause::left, .down = {.left = true, .reason = "left"}});
  }
}

void Session::malformed(const std::string& reason) {
  refuse(wire::RefuseCode::malformed, reason);
}

void Session::refuse(wire::RefuseCode code, const std::string& reason) {
  if (state_ == State::over) return;
  zmq::message_t frame(wire::encode_refuse({.code = code, .reason = reason}));
  link_.write(frame, nullptr);
  end({.cause = Ending::Cause::refused, .down = {.left = false, .reason = reason}, .code = code});
}

void Session::lost(const std::string& reason) {
  end({.cause = Ending::Cause::lost, .down = {.left = false, .reason = reason}});
}

bool Session::probe() {
  if (state_ == State::over) return false;
  return state_ != State::up || write(wire::encode_ping());
}

void Session::tick() {
  if (state_ != State::up || muted_) return;
  quiet_ticks_ = said_ ? 0 : quiet_ticks_ + 1;
  said_ = false;
  int heartbeats = ++silent_ticks_ / Terms::ticks_per_heartbeat;
  if (heartbeats >= terms_.missed_heartbeats) {
    std::string reason = "silent for " + format_duration(terms_.heartbeat * heartbeats);
    // Should it only have been stopped, it reads this when it goes on, and knows where it stands.
    zmq::message_t frame(
        wire::encode_refuse({.code = wire::RefuseCode::dropped, .reason = reason}));
    link_.write(frame, nullptr);
    return lost(reason);
  }
  bool asks = silent_ticks_ % Terms::ticks_per_heartbeat == 0;
  if (asks && !write(wire::encode_ping())) return;
  if (quiet_ticks_ >= 2 && !write(wire::encode_alive(in_.received_total()))) return;
  if (pump()) settle();
}

bool Session::write(const std::string& frame) {
  zmq::message_t message(frame);
  Wrote wrote = link_.write(message, nullptr);
  if (wrote == Wrote::gone) lost(connection_lost);
  if (wrote == Wrote::done) {
    said_ = true;
    quiet_ticks_ = 0;
  }
  return wrote != Wrote::gone;
}

bool Session::pump() {
  if (state_ == State::over) return false;
  if (out_.empty()) return true;
  said_ = true;
  if (out_.pump(link_) == Wrote::gone) {
    lost(connection_lost);
    return false;
  }
  if (turned_away_ && out_.has_drained()) {
    turned_away_ = false;
    host_.writable(*this);
  }
  if (out_.empty()) settle();
  return state_ != State::over;
}

void Session::end(Ending ending) {
  if (state_ == State::over) return;
  ending.was_up = state_ == State::up;
  state_ = State::over;
  host_.ended(*this, ending);
  link_.over(ending);
}

}  // namespace shoal::net
