#include "chat_peer_options.hpp"

#include <algorithm>
#include <unistd.h>

#include <shoal/app/logging.hpp>
#include <shoal/base/error.hpp>
#include <shoal/base/utf8.hpp>
#include <shoal/net/keys.hpp>
#include <shoal/web/gate.hpp>

#include "web_files.hpp"

namespace shoal::nodes {
namespace {

constexpr std::int64_t most_history = 100'000;

void check_name(const char* option, const std::string& name) {
  if (wire::chat::is_name(name)) return;
  throw Error(std::string(option) + " '" + printable(name) +
                  "': 1 to 64 bytes of UTF-8, no spaces and no control characters",
              ExitCode::usage);
}

std::string read_token(const std::filesystem::path& file) {
  std::string content = net::read_secret_file(file);
  constexpr const char* blank = " \t\r\n";
  std::string_view token = content;
  token.remove_prefix(std::min(token.find_first_not_of(blank), token.size()));
  token.remove_suffix(token.size() - (token.find_last_not_of(blank) + 1));
  if (!token.empty() && is_utf8(token)) return std::string(token);
  throw Error("cannot use " + file.string() + ": " +
                  (token.empty() ? "it is empty" : "it is not UTF-8") +
                  "; write a secret word into it, such as openssl rand -hex 16 makes",
              ExitCode::not_allowed);
}

chat::PagesOptions pages_of(const ChatPeerArguments& arguments) {
  chat::PagesOptions pages{.history = arguments.history};
  pages.server.listen = *arguments.http;
  pages.server.origins = arguments.origins;
  pages.server.files = web_files();
  if (arguments.token_file) pages.token = read_token(*arguments.token_file);
  bool open = pages.token.empty() && !web::WebServer::is_loopback(pages.server.listen);
  if (open && !arguments.security.insecure) {
    throw Error("--http " + *arguments.http +
                    " lets in whoever can reach it: give --token-file FILE, or --insecure if that "
                    "is meant",
                ExitCode::not_allowed);
  }
  return pages;
}

}  // namespace

void declare_chat_peer(app::CommandLine& line, ChatPeerArguments& arguments) {
  chat::ChatPeerOptions& peer = arguments.peer;
  line.option("--nick", "NAME", peer.nick, "what you are called; needed");
  line.group("Network");
  app::declare_endpoints(line, "-b,--bind,--listen", peer.binds,
                         "listen for other peers (tcp://127.0.0.1:5040, without -c)");
  app::declare_endpoints(line, "-c,--connect,--dial", peer.connects,
                         "dial these peers; the others are learned from them");
  app::declare_timeout(line, arguments.idle_limit);
  app::declare_endpoints(line, "--plain-bind", arguments.plain.binds,
                         "tell any ZeroMQ program that subscribes here what is said");
  app::declare_endpoints(line, "--plain-connect", arguments.plain.connects,
                         "post what any ZeroMQ program publishes there");
  line.group("Chat");
  line.option("--room", "NAME", arguments.rooms, "a room to be in from the start (lobby)");
  line.option("--data", "DIR", peer.data, "keep messages in DIR across restarts");
  line.number("--history", "N", arguments.history, 0, most_history,
              "older messages shown on joining a room");
  line.flag("-J,--jsonl", arguments.json,
            "JSON lines, in: text, room, to, or command; out: messages and presence");
  line.flag("--keep-open", arguments.keep_open, "stay when the input has ended, as with --http");
  line.group("Web");
  line.option("--http", "HOST:PORT", arguments.http, "serve the page for browsers");
  line.option("--origin", "URL", arguments.origins,
              "let pages of this origin in too, such as https://chat.example behind a proxy");
  line.option("--token-file", "FILE", arguments.token_file,
              "browsers have to give the secret in FILE");
  app::declare_security(line, arguments.security);
}

ChatPeerPlan plan_of(const ChatPeerArguments& arguments) {
  if (arguments.peer.nick.empty()) {
    throw Error("--nick is missing: say what you are called", ExitCode::usage);
  }
  check_name("--nick", arguments.peer.nick);
  for (const std::string& room : arguments.rooms) check_name("--room", room);
  if (arguments.rooms.size() > wire::chat::most_rooms) {
    throw Error("--room: at most " + std::to_string(wire::chat::most_rooms), ExitCode::usage);
  }
  if (arguments.peer.data && arguments.peer.data->empty()) {
    throw Error("--data: name a folder to keep messages in", ExitCode::usage);
  }
  if (!arguments.http && (arguments.token_file || !arguments.origins.empty())) {
    throw Error("--origin and --token-file are for --http", ExitCode::usage);
  }
  for (const std::string& origin : arguments.origins) {
    if (web::is_origin(origin)) continue;
    throw Error("--origin '" + printable(origin) + "': write https://HOST or http://HOST:PORT",
                ExitCode::usage);
  }
  ChatPeerPlan plan{.console = {.nick = arguments.peer.nick, .history = arguments.history},
                    .keep_open = arguments.keep_open || arguments.http};
  if (!arguments.rooms.empty()) plan.console.rooms = arguments.rooms;
  plan.console.look = {.json = arguments.json, .colour = app::wants_colour(STDOUT_FILENO)};
  if (!arguments.plain.binds.empty() || !arguments.plain.connects.empty()) {
    plan.plain = arguments.plain;
    plan.plain->room = plan.console.rooms.front();
  }
  if (arguments.http) plan.pages = pages_of(arguments);
  return plan;
}

}  // namespace shoal::nodes
