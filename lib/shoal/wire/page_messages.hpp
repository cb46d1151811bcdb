#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <shoal/base/result.hpp>
#include <shoal/wire/chat_messages.hpp>

/// What a chat-peer and its page in a browser say to each other (PROTOCOL.md, "Chat in the
/// browser").
namespace shoal::wire::page {

struct Hello {
  std::string nick;
  std::string session;
  std::vector<std::string> rooms;
  std::string token;
  std::optional<chat::Vector> seen;  ///< resumes
};

struct Post {
  std::uint64_t tag = 0;
  std::string room;
  chat::Kind kind = chat::Kind::says;
  std::string text;
};

struct Direct {
  Id id;  ///< the page's own
  std::string to;
  std::string text;
};

struct Join {
  std::string room;
};

struct Part {
  std::string room;
};

struct Nick {
  std::string nick;
};

/// Where a post stands (PROTOCOL.md, CHAT-2).
struct Mark {
  std::uint64_t clock = 0;
  Id author;
  std::uint64_t seq = 0;
};

struct History {
  std::string room;
  std::optional<Mark> before;
};

using FromPage = std::variant<Hello, Post, Direct, Join, Part, Nick, History>;

/// What a page says. Names and text are checked against the limits of chat. Never throws; the
/// Failure is a sentence for whoever sits at the page.
Result<FromPage> decode(std::string_view json);

/// By what a page knows again what it has said.
struct Subject {
  std::uint64_t tag = 0;   ///< of a post; 0: none
  std::optional<Id> id{};  ///< of a direct message
  std::string room{};      ///< to be joined; empty: none
};

/// The subject of a message of a page, also of one that decode() takes no part of. Never throws.
Subject subject_of(std::string_view json);

struct User {
  std::string nick;
  std::string state;  ///< "here", "away" or "gone"
  std::vector<std::string> rooms;
  std::uint64_t since_ms = 0;  ///< since 1970
};

// What a server says: each a JSON object.
std::string say_post(const chat::Post& post);
std::string say_ready(std::string_view nick, std::string_view server, const chat::Vector& seen,
                      const std::vector<User>& users);
/// At most `bytes` of JSON, about, and one post at least: the newest of `posts`. `more`: there are
/// older ones than these.
std::string say_history(std::string_view room, const std::vector<chat::Post>& posts, bool more,
                        std::size_t bytes);
std::string say_restart();
std::string say_direct(const chat::Direct& direct);
std::string say_outcome(const Id& id, std::string_view why);  ///< empty: delivered
std::string say_user(const User& user);
std::string say_nick(std::string_view nick);
std::string say_trouble(std::string_view why, const Subject& subject = {});
/// `token`: another token would help, and nothing else.
std::string say_refused(std::string_view why, bool token = false);

}  // namespace shoal::wire::page
