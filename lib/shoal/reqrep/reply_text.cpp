#include <algorithm>

#include <shoal/base/units.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/reqrep/reply_text.hpp>
#include <shoal/runtime/outcome.hpp>
#include <shoal/wire/json_line.hpp>

namespace shoal::reqrep {
namespace {

using wire::reqrep::ReplyKind;

constexpr int timed_out = 124;
constexpr int unavailable = 69;
constexpr int unfit = static_cast<int>(ExitCode::bad_data);
constexpr int signal_base = 128;
constexpr std::uint32_t most_status = 255;

int status_of(const Reply& reply) {
  switch (reply.kind) {
    case ReplyKind::exited:
      return static_cast<int>(std::min(reply.status, most_status));
    case ReplyKind::signalled:
      return std::min(signal_base + static_cast<int>(std::min(reply.status, most_status)),
                      static_cast<int>(most_status));
    case ReplyKind::overran:
    case ReplyKind::late:
      return timed_out;
    case ReplyKind::failed:
    case ReplyKind::circle:
    case ReplyKind::busy:
      return unavailable;
    case ReplyKind::unfit:
      return unfit;
    case ReplyKind::accepted:
    case ReplyKind::delivered:
      return 0;
  }
  return unavailable;
}

/// How the reply went, for people.
std::string phrase(const Reply& reply) {
  switch (reply.kind) {
    case ReplyKind::exited:
    case ReplyKind::signalled: {
      bool exited = reply.kind == ReplyKind::exited;
      return runtime::describe(
          {.kind = exited ? runtime::Outcome::Kind::exited : runtime::Outcome::Kind::signalled,
           .status = static_cast<int>(std::min(reply.status, most_status))});
    }
    case ReplyKind::overran:
      return "the command took longer than its replier allows (--timeout)";
    case ReplyKind::failed:
    case ReplyKind::circle:
      return "failed: " + std::string(reply.error.view());
    case ReplyKind::unfit:
      return std::string(reply.error.view());
    case ReplyKind::busy:
      return "the replier was busy";
    case ReplyKind::late:
      return "its deadline passed before there was an answer";
    case ReplyKind::accepted:
    case ReplyKind::delivered:
      break;
  }
  return {};
}

std::string why_unanswered(const Ended& ended, Duration timeout) {
  switch (ended.kind) {
    case Ended::Kind::answered:
      break;
    case Ended::Kind::timed_out:
      return "no answer within " + format_duration(timeout);
    case Ended::Kind::nobody:
      return "no replier was there within " + format_duration(timeout);
    case Ended::Kind::breakers:
      return "every replier has failed too often of late (--breaker); try again later";
    case Ended::Kind::circle:
      return ended.reason + ": look at what they --forward to";
    case Ended::Kind::unreachable:
      return "no answer after " + std::to_string(ended.attempts) +
             (ended.attempts == 1 ? " attempt: " : " attempts: ") + ended.reason;
  }
  return {};
}

std::string_view without_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

/// Each line with who answered in front, a last one without line feed too.
void append_tagged(std::string& text, const Id& from, std::string_view output) {
  const std::string tag = from.brief() + "\t";
  std::string_view rest = without_end(output);
  while (true) {
    std::size_t feed = rest.find('\n');
    text.append(tag).append(rest.substr(0, feed));
    if (feed == std::string_view::npos) return;
    text += '\n';
    rest.remove_prefix(feed + 1);
  }
}

void append_plain(std::string& text, ReplyFormat format, const Ended::Answer& answer,
                  bool scatter) {
  std::string_view output = answer.reply.output;
  bool answered = answer.reply.kind == ReplyKind::exited ||
                  answer.reply.kind == ReplyKind::signalled ||
                  answer.reply.kind == ReplyKind::overran;
  // A command that failed without a word is no empty line.
  if (!answered || (status_of(answer.reply) != 0 && output.empty())) return;
  if (format == ReplyFormat::raw) {
    text.append(output);
    return;
  }
  if (scatter) {
    append_tagged(text, answer.replier, output);
  } else {
    text.append(without_end(output));
  }
  text += format == ReplyFormat::nul ? '\0' : '\n';
}

void append_json(std::string& text, std::uint64_t seq, const Ended& ended,
                 const Ended::Answer& answer, bool stale) {
  wire::JsonRecord record{.fields = {{"seq", seq}, {"id", ended.id.hex()}}};
  if (!answer.replier.is_nil()) record.fields.emplace_back("from", answer.replier.hex());
  record.fields.emplace_back("status", std::uint64_t(status_of(answer.reply)));
  if (has_reason(answer.reply)) {
    record.fields.emplace_back("error", phrase(answer.reply));
  } else if (!answer.reply.error.empty()) {
    record.fields.emplace_back("stderr", std::string(answer.reply.error.view()));
  }
  if (stale) record.fields.emplace_back("stale", true);
  record.payload = std::string(answer.reply.output.view());
  text.append(wire::format_json_line(record)) += '\n';
}

}  // namespace

bool has_reason(const Reply& reply) {
  return reply.kind == ReplyKind::failed || reply.kind == ReplyKind::circle ||
         reply.kind == ReplyKind::unfit;
}

int exit_status(const Ended& ended, bool scatter) {
  if (ended.kind == Ended::Kind::timed_out) return timed_out;
  if (ended.kind != Ended::Kind::answered) return unavailable;
  bool all_well = std::ranges::all_of(
      ended.replies, [](const Ended::Answer& answer) { return status_of(answer.reply) == 0; });
  if (all_well) return 0;
  return scatter ? 1 : status_of(ended.replies.front().reply);
}

std::vector<std::string> faults(const Ended& ended, Duration timeout) {
  std::vector<std::string> lines;
  for (const Ended::Answer& answer : ended.replies) {
    if (status_of(answer.reply) == 0) continue;
    bool several = ended.replies.size() > 1;
    lines.push_back((several ? "replier " + answer.replier.brief() + ": " : "") +
                    printable(phrase(answer.reply)));
  }
  if (ended.kind != Ended::Kind::answered) {
    lines.push_back(printable(why_unanswered(ended, timeout)));
  }
  return lines;
}

void append_replies(std::string& text, ReplyFormat format, std::uint64_t seq, const Ended& ended,
                    bool scatter, bool stale, Duration timeout) {
  for (const Ended::Answer& answer : ended.replies) {
    if (format == ReplyFormat::json) {
      append_json(text, seq, ended, answer, stale);
    } else {
      append_plain(text, format, answer, scatter);
    }
  }
  if (format != ReplyFormat::json || ended.kind == Ended::Kind::answered) return;
  if (!ended.replies.empty() && !scatter) return;
  text.append(
      wire::format_json_line({.fields = {{"seq", seq},
                                         {"id", ended.id.hex()},
                                         {"status", std::uint64_t(exit_status(ended, scatter))},
                                         {"error", why_unanswered(ended, timeout)}}})) += '\n';
}

void append_unasked(std::string& text, std::uint64_t seq, ExitCode status,
                    const std::string& reason) {
  text.append(wire::format_json_line(
      {.fields = {{"seq", seq}, {"status", std::uint64_t(status)}, {"error", reason}}})) += '\n';
}

}  // namespace shoal::reqrep
