#include <algorithm>
#include <cstring>
#include <unistd.h>

#include <shoal/base/units.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/reqrep/request_run.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::reqrep {
namespace {

// Small, since a request keeps alive the whole block that it was read in.
constexpr std::size_t block_bytes = 64UL << 10;

// Nobody waits for what a goodbye could still bring.
constexpr Duration goodbye = std::chrono::milliseconds(200);

// Replies kept for when nobody can answer: how many bytes, and how often they are made durable.
constexpr std::uint64_t most_kept = 64UL << 20;
constexpr Duration commit_period = std::chrono::seconds(1);

std::uint64_t now_ms() {
  auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

/// The remote command's stderr, as it may be shown.
void show_stderr(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::string safe = printable(line) + "\n";
    static_cast<void>(!write(STDERR_FILENO, safe.data(), safe.size()));
  }
}

std::string too_large(std::uint64_t size, std::uint64_t limit) {
  return "the request is too large: " + format_count(size) + " bytes, and the limit is " +
         format_size(limit) + "; raise --max-size on both sides or send less";
}

}  // namespace

RequestRun::RequestRun(net::Context& context, runtime::Reactor& reactor, RequestRunOptions options)
    : reactor_(reactor),
      options_(std::move(options)),
      scatter_(options_.requester.core.scatter),
      input_(reactor,
             {.delimiter = options_.delimiter,
              .block_bytes = block_bytes,
              .max_record = options_.requester.max_size,
              .leave_out_long = true},
             [this] { input_ready_ = true; }),
      output_(reactor, STDOUT_FILENO, "stdout",
              {.drained = [] {}, .stopped = [this] { output_stopped(); }}),
      requester_(context, reactor, options_.requester,
                 [this](std::vector<Ended> all) { on_ended(std::move(all)); }) {
  if (options_.body && options_.body->size() > options_.requester.max_size) {
    throw Error(too_large(options_.body->size(), options_.requester.max_size), ExitCode::bad_data);
  }
  working_ = reactor_.before_wait([this] { return work(); });
  if (!options_.stale) return;
  kept_.emplace(options_.stale_file, most_kept);
  committing_ = reactor_.every(commit_period, [this] { commit_kept(); });
}

bool RequestRun::work() {
  bool read = read_some();
  write_out();
  leave_when_done();
  return read;
}

bool RequestRun::has_room() const {
  std::size_t taken = options_.unordered ? open_.size() : slots_.size();
  return taken < options_.in_flight && bytes_ < options_.in_flight_bytes &&
         output_.pending_bytes() < options_.in_flight_bytes;
}

/// Asks as much as may be in flight; returns whether there was something.
bool RequestRun::read_some() {
  if (input_ended_ || !has_room()) return false;
  const std::uint64_t before = counts_.asked;
  std::vector<Ask> asks;
  if (options_.body) {
    asks.push_back(make_ask(Bytes::copy(*options_.body)));
    input_ended_ = true;
  } else {
    asks = cut_requests();
  }
  if (!asks.empty()) requester_.ask(std::move(asks));
  return counts_.asked != before;
}

std::vector<Ask> RequestRun::cut_requests() {
  std::vector<Ask> asks;
  while (has_room()) {
    if (rest_.empty()) {
      if (!input_ready_) break;
      runtime::Pulled pulled = input_.next();
      if (pulled.kind == runtime::Pulled::Kind::left_out) {
        refuse(pulled.size);
        break;  // many such lines must not hold up the loop
      }
      input_ready_ = pulled.kind == runtime::Pulled::Kind::block;
      input_ended_ = pulled.kind == runtime::Pulled::Kind::end;
      if (pulled.kind == runtime::Pulled::Kind::failed) {
        error_ = Error(pulled.reason, ExitCode::bad_data);
        input_ended_ = true;
      }
      if (!input_ready_) break;
      rest_ = std::move(pulled.bytes);
    }
    // Every record of a block ends with the delimiter.
    const char* begin = rest_.data();
    const void* end = std::memchr(begin, options_.delimiter, rest_.size());
    auto size = static_cast<std::size_t>(static_cast<const char*>(end) - begin);
    asks.push_back(make_ask(rest_.slice(0, size)));
    rest_ = rest_.slice(size + 1, rest_.size() - size - 1);
  }
  return asks;
}

Ask RequestRun::make_ask(Bytes body) {
  Ask ask{.body = std::move(body),
          .deadline = reactor_.now() + options_.timeout,
          .headers = options_.headers};
  open_[ask.id] = {.seq = counts_.asked++, .bytes = ask.body.size()};
  if (kept_) open_[ask.id].body = ask.body;
  bytes_ += ask.body.size();
  if (!options_.unordered) slots_.emplace_back();
  return ask;
}

/// A line of the input that is too large to be asked is a request that failed.
void RequestRun::refuse(std::uint64_t size) {
  std::uint64_t seq = counts_.asked++;
  ++counts_.failed;
  ++counts_.unfit;
  std::string reason = too_large(size, options_.requester.max_size);
  log_error(label(seq) + reason);
  if (!options_.unordered) slots_.emplace_back();
  std::string text;
  bool told = options_.format == ReplyFormat::json && !options_.requester.core.notify;
  if (told) append_unasked(text, seq, ExitCode::bad_data, reason);
  settle(seq, std::move(text));
}

void RequestRun::on_ended(std::vector<Ended> all) {
  for (Ended& ended : all) on_ended(std::move(ended));
}

void RequestRun::on_ended(Ended ended) {
  auto found = open_.extract(ended.id);
  if (!found) return;  // the output was closed since
  const Open& open = found.mapped();
  bytes_ -= open.bytes;
  bool stale = kept_ && use_stale(open.body, ended);
  if (stale) log_warning(label(open.seq) + "nobody answered; this reply is an old one (--stale)");
  if (kept_ && !stale) keep(open.body, ended);
  tell(open.seq, ended);
  std::string text;
  bool silent = options_.requester.core.notify;
  if (!silent) {
    append_replies(text, options_.format, open.seq, ended, scatter_, stale, options_.timeout);
  }
  settle(open.seq, std::move(text));
}

/// What came of a request goes to the output, in its turn.
void RequestRun::settle(std::uint64_t seq, std::string text) {
  if (options_.unordered) {
    text_ += text;
    return;
  }
  bytes_ += text.size();
  slots_[seq - first_slot_] = {.ended = true, .text = std::move(text)};
  while (!slots_.empty() && slots_.front().ended) {
    bytes_ -= slots_.front().text.size();
    text_ += slots_.front().text;
    slots_.pop_front();
    ++first_slot_;
  }
}

/// Puts a kept reply in the place of none, where there is one; whether it did.
bool RequestRun::use_stale(const Bytes& body, Ended& ended) {
  if (ended.kind == Ended::Kind::answered) return false;
  auto age = std::chrono::duration_cast<std::chrono::milliseconds>(*options_.stale).count();
  std::uint64_t now = now_ms();
  std::uint64_t since = now - std::min(now, static_cast<std::uint64_t>(age));
  std::optional<store::KeptReply> old = kept_->find(body, since);
  if (!old) return false;
  ended.kind = Ended::Kind::answered;
  ended.replies = {{old->from, Reply{.output = Bytes::take(std::move(old->output))}}};
  return true;
}

void RequestRun::keep(const Bytes& body, const Ended& ended) {
  if (ended.kind != Ended::Kind::answered || exit_status(ended, scatter_) != 0) return;
  const Ended::Answer& answer = ended.replies.front();
  kept_->keep(body, {answer.replier, std::string(answer.reply.output.view())}, now_ms());
}

void RequestRun::commit_kept() {
  if (kept_) kept_->commit();
}

/// Counts it, and says on stderr what was not well.
void RequestRun::tell(std::uint64_t seq, const Ended& ended) {
  int status = exit_status(ended, scatter_);
  if (options_.body) {
    single_status_ = status;
    for (const Ended::Answer& answer : ended.replies) {
      if (!has_reason(answer.reply)) show_stderr(answer.reply.error);
    }
  }
  ++(status == 0 ? counts_.answered : counts_.failed);
  if (status == 0) return;
  if (status == static_cast<int>(ExitCode::timed_out)) ++counts_.timed_out;
  bool answered = ended.kind == Ended::Kind::answered;
  if (answered && ended.replies.front().reply.kind == wire::reqrep::ReplyKind::unfit && !scatter_) {
    ++counts_.unfit;
  }
  if (!answered && ended.kind != Ended::Kind::timed_out) {
    ++counts_.unavailable;
  }
  bool just_status = options_.body && !scatter_ && answered &&
                     ended.replies.front().reply.kind == wire::reqrep::ReplyKind::exited;
  if (just_status) return;
  for (const std::string& fault : faults(ended, options_.timeout)) log_error(label(seq) + fault);
}

/// Which request a line is about.
std::string RequestRun::label(std::uint64_t seq) const {
  return options_.body ? "" : "request " + std::to_string(seq + 1) + ": ";
}

void RequestRun::write_out() {
  if (!text_.empty()) output_.write(Bytes::take(std::exchange(text_, {})));
}

void RequestRun::output_stopped() {
  if (output_.state() == runtime::ByteSink::State::failed) error_ = output_.error();
  drain();
  open_.clear();
  slots_.clear();
  leaving_ = true;
  requester_.close(goodbye);
}

void RequestRun::drain() {
  drained_ = drained_ || !input_ended_;
  input_ended_ = true;
  rest_ = {};
}

void RequestRun::leave_when_done() {
  bool done = input_ended_ && open_.empty() && text_.empty() && output_.pending_bytes() == 0;
  if (!done || leaving_) return;
  leaving_ = true;
  commit_kept();
  requester_.close(goodbye);
}

int RequestRun::exit_code() const {
  if (single_status_) return *single_status_;
  if (counts_.failed == 0) return 0;
  if (counts_.failed == counts_.timed_out) return static_cast<int>(ExitCode::timed_out);
  if (counts_.failed == counts_.unavailable) return static_cast<int>(ExitCode::no_peer);
  if (counts_.failed == counts_.unfit) return static_cast<int>(ExitCode::bad_data);
  return static_cast<int>(ExitCode::error);
}

}  // namespace shoal::reqrep
