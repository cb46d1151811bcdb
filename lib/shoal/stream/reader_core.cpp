#include <algorithm>

#include <shoal/stream/reader_core.hpp>
#include <shoal/stream/record_check.hpp>

namespace shoal::stream {

using namespace wire::stream;
using namespace std::chrono_literals;

namespace {

// STR-7 says every second; what is new is told sooner, but not for every record.
constexpr Duration tell_period = 500ms;
constexpr Duration news_period = 100ms;

// A Port loses nothing within a session, so neither of these passes in a healthy one.
constexpr Duration answer_limit = 2s;
constexpr Duration lack_limit = 500ms;

// For every way in which a log can have been set back.
constexpr const char* set_back_remedy =
    ": the log was set back, to an old copy of it perhaps; remove the cursor and what was written "
    "by it, to read it anew";

}  // namespace

ReaderCore::ReaderCore(ReaderCoreOptions options) : options_(std::move(options)) {
  for (const auto& [id, cursor] : options_.cursors) {
    states_[id] = State{
        .cursor = cursor, .epoch = cursor.epoch, .next = cursor.next, .read_in = cursor.epoch};
  }
}

void ReaderCore::on_message(PeerId peer, Any message, Time now) {
  if (!peers_.contains(peer)) return;
  std::visit([&](auto& content) { receive(peer, content, now); }, message);
}

template <typename Other>
void ReaderCore::receive(PeerId peer, Other&, Time) {
  outbox_.blame(peer, "it sent a message that a publisher does not send");
}

void ReaderCore::receive(PeerId peer, Stream& stream, Time now) {
  std::optional<Id>& told = peers_.at(peer);
  bool first = !told;
  if (told && *told != stream.stream) return outbox_.blame(peer, "it changed its stream");
  State* state = admit(stream);
  if (state == nullptr) return;
  told = stream.stream;
  // What is left of a dead publisher's session must not displace that of its successor.
  bool newer = first && stream.epoch >= state->epoch;
  if (state->peer == 0 || (state->peer != peer && newer)) {
    if (std::string fault = fault_in(*state, stream); !fault.empty()) {
      refusal_ = std::move(fault);
      return;
    }
    state->peer = peer;
    state->epoch = stream.epoch;
    state->head = stream.head;
    // Of a log that was set back to a place behind ours.
    if (state->goal) state->goal = std::min(*state->goal, stream.head);
    return ask(*state, now);
  }
  if (state->peer != peer || stream.reading != state->reading) return;
  state->head = std::max(state->head, stream.head);
  state->ended = stream.ended;
  if (state->asked) {
    if (std::string fault = set_back(*state, stream); !fault.empty()) {
      refusal_ = std::move(fault);
      return;
    }
    if (!begin(*state, stream)) return outbox_.blame(peer, "it begins elsewhere than it was asked");
    tell(*state, now);
  }
  if (stream.next <= state->next) {
    state->lacking.reset();
  } else if (!state->lacking) {
    state->lacking = now;
  }
  if (must_tell(*state)) tell(*state, now);
}

/// The state of a stream; nothing for one that has no place here.
ReaderCore::State* ReaderCore::admit(const Stream& stream) {
  auto found = states_.find(stream.stream);
  if (found != states_.end()) return &found->second;
  if (options_.streams && states_.size() >= *options_.streams) {
    refusal_ = "stream " + stream.stream.brief() + " is another than was read before (" +
               (states_.empty() ? "none" : states_.begin()->first.brief()) +
               "): the publisher's log was made anew; remove the cursor and what was written by "
               "it, to read this one";
    return nullptr;
  }
  return &states_[stream.stream];
}

/// What stands before our place now was written after we had passed it: the log was set back, and
/// has grown again.
std::string ReaderCore::set_back(const State& state, const Stream& stream) {
  if (!state.cursor || state.ahead || stream.before <= state.read_in) return "";
  return "stream " + stream.stream.brief() + " was written anew before offset " +
         std::to_string(state.next) + ", up to which it was read" + set_back_remedy;
}

std::string ReaderCore::fault_in(const State& state, const Stream& stream) const {
  if (stream.epoch < state.epoch) {
    return "stream " + stream.stream.brief() + " is in epoch " + std::to_string(stream.epoch) +
           ", and was read in epoch " + std::to_string(state.epoch) + " before" + set_back_remedy;
  }
  if (state.cursor && !state.ahead && stream.head < state.next) {
    return "stream " + stream.stream.brief() + " ends at offset " + std::to_string(stream.head) +
           ", and was read up to " + std::to_string(state.next) + " before" + set_back_remedy;
  }
  return "";
}

void ReaderCore::ask(State& state, Time now) {
  ++state.reading;
  state.asked = true;
  state.asked_at = now;
  state.lacking.reset();
  state.got = 0;
  state.credit = 0;
  state.credit = credit_of(state);
  Read read{.reading = state.reading,
            .from = options_.from,
            .topics = options_.topics,
            .credit = state.credit};
  if (state.cursor) {
    read.from = {Position::Kind::offset, state.next};
    read.until = state.next < state.until ? state.until : 0;
  }
  outbox_.post(state.peer, std::move(read));
}

/// The answer to ask(): the reading has a place. False when that is not the one asked for.
bool ReaderCore::begin(State& state, const Stream& stream) {
  if (state.cursor && stream.from != state.next) return false;
  state.asked = false;
  if (!state.goal) state.goal = stream.head;
  if (state.cursor) return true;
  state.cursor = Cursor{stream.epoch, stream.from};
  state.next = stream.from;
  state.read_in = stream.epoch;
  state.until = stream.until;
  state.ahead = stream.from > stream.head;
  if (state.ahead) return true;
  deliveries_.push_back(
      {.stream = stream.stream, .epoch = stream.epoch, .first = stream.from, .next = stream.from});
  return true;
}

/// The state of the stream that `peer` sends as that reading; nothing when that is not the one that
/// is under way.
ReaderCore::State* ReaderCore::reading_in(PeerId peer, std::uint64_t reading) {
  const std::optional<Id>& stream = peers_.at(peer);
  if (!stream) return nullptr;
  State& state = states_.at(*stream);
  bool current = state.peer == peer && !state.asked && state.reading == reading;
  return current ? &state : nullptr;
}

void ReaderCore::receive(PeerId peer, Records& records, Time) {
  State* state = reading_in(peer, records.reading);
  if (state == nullptr || records.first != state->next) return;
  std::string fault = records_fault(records);
  bool all = options_.topics.patterns.empty() && records.first >= state->until;
  if (fault.empty() && all && records.count != records.next - records.first) {
    fault = "it left out records behind offset " + std::to_string(records.first);
  }
  if (fault.empty() && records.count != 0 && state->got >= state->credit) {
    fault = "it sent more than it was asked for";
  }
  if (!fault.empty()) return outbox_.blame(peer, std::move(fault));
  state->got += records.body.size();
  state->pending += records.body.size();
  received_ += records.count;
  deliver(peer, *state,
          {.first = records.first,
           .next = records.next,
           .count = records.count,
           .body = std::move(records.body)});
}

void ReaderCore::receive(PeerId peer, Trimmed& trimmed, Time) {
  State* state = reading_in(peer, trimmed.reading);
  if (state == nullptr || trimmed.first != state->next) return;
  trimmed_ += trimmed.next - trimmed.first;
  deliver(peer, *state, {.first = trimmed.first, .next = trimmed.next, .trimmed = true});
}

void ReaderCore::deliver(PeerId peer, State& state, Delivery delivery) {
  delivery.stream = *peers_.at(peer);
  delivery.epoch = state.epoch;
  state.next = delivery.next;
  state.read_in = state.epoch;
  state.ahead = false;
  state.lacking.reset();
  deliveries_.push_back(std::move(delivery));
}

void ReaderCore::on_taken(const Delivery& delivery, Time now) {
  State& state = states_.at(delivery.stream);
  state.cursor = Cursor{delivery.epoch, delivery.next};
  state.pending -= delivery.body.size();
  if (state.peer != 0 && !state.asked && must_tell(state)) tell(state, now);
}

void ReaderCore::on_down(PeerId peer) {
  peers_.erase(peer);
  for (auto& [id, state] : states_) {
    if (state.peer != peer) continue;
    state.peer = 0;
    state.asked = false;
    state.ended = false;
    state.lacking.reset();
  }
}

std::uint64_t ReaderCore::credit_of(const State& state) const {
  std::uint64_t room = options_.window - std::min(options_.window, state.pending);
  return std::max(state.credit, state.got + room);
}

/// Whether the publisher may be waiting for what there is to tell.
bool ReaderCore::must_tell(const State& state) const {
  bool much = credit_of(state) - state.credit >= options_.window / 4;
  bool all = state.ended && state.cursor->next >= state.head && state.told < state.cursor->next;
  return (much && credit_of(state) != state.credit) || all;
}

void ReaderCore::tell(State& state, Time now) {
  state.credit = credit_of(state);
  state.told = state.cursor->next;
  state.told_at = now;
  outbox_.post(state.peer, More{state.reading, state.credit, state.told});
}

Time ReaderCore::tell_due(const State& state) const {
  bool news = state.told != state.cursor->next || credit_of(state) != state.credit;
  return state.told_at + (news ? news_period : tell_period);
}

void ReaderCore::tick(Time now) {
  for (auto& [id, state] : states_) {
    if (state.peer == 0) continue;
    bool unanswered = state.asked && state.asked_at + answer_limit <= now;
    bool lost = state.lacking && *state.lacking + lack_limit <= now;
    if (unanswered || lost) {
      ask(state, now);
    } else if (!state.asked && tell_due(state) <= now) {
      tell(state, now);
    }
  }
}

Time ReaderCore::next_tick() const {
  Time next = never;
  for (const auto& [id, state] : states_) {
    if (state.peer == 0) continue;
    next = std::min(next, state.asked ? state.asked_at + answer_limit : tell_due(state));
    if (state.lacking) next = std::min(next, *state.lacking + lack_limit);
  }
  return next;
}

bool ReaderCore::at_end() const {
  bool met = false;
  for (const auto& [peer, stream] : peers_) {
    if (!stream || !states_.at(*stream).goal) return false;
  }
  for (const auto& [id, state] : states_) {
    if (!state.goal) continue;
    if (state.cursor->next < *state.goal) return false;
    met = true;
  }
  return met;
}

std::size_t ReaderCore::met() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      states_, [](const auto& entry) { return entry.second.goal.has_value(); }));
}

std::optional<ReaderCore::Ahead> ReaderCore::ahead() const {
  for (const auto& [id, state] : states_) {
    if (state.ahead) return Ahead{.stream = id, .from = state.next, .head = state.head};
  }
  return std::nullopt;
}

std::map<Id, Cursor> ReaderCore::cursors() const {
  std::map<Id, Cursor> cursors;
  for (const auto& [id, state] : states_) {
    if (state.cursor && !state.ahead) cursors[id] = *state.cursor;
  }
  return cursors;
}

}  // namespace shoal::stream
