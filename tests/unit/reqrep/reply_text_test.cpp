#include <doctest/doctest.h>

#include <shoal/reqrep/reply_text.hpp>

using namespace shoal;
using namespace shoal::reqrep;
using namespace std::chrono_literals;
using wire::reqrep::ReplyKind;

namespace {

const Id node = *Id::from_hex("0123456789abcdef0123456789abcdef");

Ended answered(Reply reply) {
  return {.id = Id::of_name("request"),
          .kind = Ended::Kind::answered,
          .replies = {{node, std::move(reply)}}};
}

Ended unanswered(Ended::Kind kind, std::string reason = {}, std::uint32_t attempts = 0) {
  return {.id = Id::of_name("request"),
          .kind = kind,
          .reason = std::move(reason),
          .attempts = attempts};
}

Reply output(std::string_view text, std::uint32_t status = 0) {
  return {.status = status, .output = Bytes::copy(text)};
}

std::string text_of(const Ended& ended, ReplyFormat format, bool scatter = false,
                    bool stale = false) {
  std::string text;
  append_replies(text, format, 4, ended, scatter, stale, 10s);
  return text;
}

}  // namespace

TEST_CASE("reply text: exit statuses") {
  auto status = [](Reply reply) { return exit_status(answered(std::move(reply)), false); };
  CHECK(status({}) == 0);
  CHECK(status({.status = 7}) == 7);
  CHECK(status({.status = UINT32_MAX}) == 255);
  CHECK(status({.kind = ReplyKind::signalled, .status = 9}) == 137);
  CHECK(status({.kind = ReplyKind::signalled, .status = UINT32_MAX}) == 255);
  CHECK(status({.kind = ReplyKind::overran}) == 124);
  CHECK(status({.kind = ReplyKind::late}) == 124);
  CHECK(status({.kind = ReplyKind::failed}) == 69);
  CHECK(status({.kind = ReplyKind::circle}) == 69);
  CHECK(status({.kind = ReplyKind::unfit}) == 65);
  CHECK(status({.kind = ReplyKind::accepted}) == 0);
  CHECK(exit_status(unanswered(Ended::Kind::timed_out), false) == 124);
  CHECK(exit_status(unanswered(Ended::Kind::nobody), false) == 69);
  CHECK(exit_status(unanswered(Ended::Kind::breakers), false) == 69);
  CHECK(exit_status(unanswered(Ended::Kind::unreachable), false) == 69);
  CHECK(exit_status(unanswered(Ended::Kind::circle), false) == 69);
  CHECK(exit_status(answered({.status = 7}), true) == 1);
}

TEST_CASE("reply text: what did not go well is said with its reason, safe for a terminal") {
  auto said = [](const Ended& ended) {
    std::vector<std::string> lines = faults(ended, 10s);
    return lines.empty() ? "" : lines.front();
  };
  CHECK(said(answered({})) == "");
  CHECK(said(answered({.status = 7})) == "exit code 7");
  CHECK(said(answered({.kind = ReplyKind::signalled, .status = 15})) == "killed by SIGTERM");
  CHECK(
      said(answered({.kind = ReplyKind::failed, .error = Bytes::copy("no\x1b[2J")})).find('\x1b') ==
      std::string::npos);
  CHECK(said(unanswered(Ended::Kind::timed_out)) == "no answer within 10s");
  CHECK(said(unanswered(Ended::Kind::nobody)) == "no replier was there within 10s");
  CHECK(said(unanswered(Ended::Kind::breakers)) ==
        "every replier has failed too often of late (--breaker); try again later");
  CHECK(said(unanswered(Ended::Kind::circle, "a circle")) ==
        "a circle: look at what they --forward to");
  CHECK(said(unanswered(Ended::Kind::unreachable, "lost", 1)) == "no answer after 1 attempt: lost");
  CHECK(said(unanswered(Ended::Kind::unreachable, "lost", 4)) ==
        "no answer after 4 attempts: lost");
}

TEST_CASE("reply text: several that failed are told apart by their nodes") {
  Ended ended = answered({.status = 7});
  ended.replies.push_back({Id::of_name("other"), output("fine")});
  std::vector<std::string> lines = faults(ended, 10s);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "replier 01234567: exit code 7");
}

TEST_CASE("reply text: a reply is a line, ends with NUL, or stands as it is") {
  CHECK(text_of(answered(output("text")), ReplyFormat::lines) == "text\n");
  CHECK(text_of(answered(output("text\n")), ReplyFormat::lines) == "text\n");
  CHECK(text_of(answered(output("two\nlines\n\n")), ReplyFormat::lines) == "two\nlines\n\n");
  CHECK(text_of(answered(output("")), ReplyFormat::lines) == "\n");
  CHECK(text_of(answered(output("text\n")), ReplyFormat::nul) == std::string("text\0", 5));
  CHECK(text_of(answered(output("text\n")), ReplyFormat::raw) == "text\n");
  // A command that failed without a word is no empty line, and what was not run is none.
  CHECK(text_of(answered(output("", 1)), ReplyFormat::lines) == "");
  CHECK(text_of(answered(output("why", 1)), ReplyFormat::lines) == "why\n");
  CHECK(text_of(answered({.kind = ReplyKind::failed}), ReplyFormat::lines) == "");
  CHECK(text_of(unanswered(Ended::Kind::nobody), ReplyFormat::lines) == "");
}

TEST_CASE("reply text: scattered replies have their node in front of each line") {
  CHECK(text_of(answered(output("two\nlines\n")), ReplyFormat::lines, true) ==
        "01234567\ttwo\n01234567\tlines\n");
  CHECK(text_of(answered(output("raw\n")), ReplyFormat::raw, true) == "raw\n");
}

TEST_CASE("reply text: JSON tells all, also of what was not answered or not asked") {
  std::string line = text_of(answered(output("text", 7)), ReplyFormat::json);
  CHECK(line.find("\"seq\":4") != std::string::npos);
  CHECK(line.find("\"status\":7") != std::string::npos);
  CHECK(line.find("\"from\":\"" + node.hex() + "\"") != std::string::npos);
  CHECK(line.find("stale") == std::string::npos);
  CHECK(line.ends_with("}\n"));
  CHECK(text_of(answered(output("x")), ReplyFormat::json, false, true).find("\"stale\":true") !=
        std::string::npos);
  line = text_of(unanswered(Ended::Kind::nobody), ReplyFormat::json);
  CHECK(line.find("\"status\":69,\"error\":\"no replier was there") != std::string::npos);
  line.clear();
  append_unasked(line, 4, ExitCode::bad_data, "too large");
  CHECK(line == "{\"seq\":4,\"status\":65,\"error\":\"too large\"}\n");
}
