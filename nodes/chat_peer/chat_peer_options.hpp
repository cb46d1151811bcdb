#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <shoal/app/node_loop.hpp>
#include <shoal/chat/console.hpp>
#include <shoal/chat/pages.hpp>
#include <shoal/chat/plain_lane.hpp>

namespace shoal::nodes {

/// What a chat-peer's command line holds.
struct ChatPeerArguments : app::NodeOptions {
  chat::ChatPeerOptions peer;
  std::vector<std::string> rooms;  // none: the lobby
  std::size_t history = 50;
  std::optional<std::string> http;
  std::vector<std::string> origins;
  std::optional<std::filesystem::path> token_file;
  chat::PlainLaneOptions plain;
  bool json = false;
  bool keep_open = false;
};

/// Names every option.
void declare_chat_peer(app::CommandLine& line, ChatPeerArguments& arguments);

/// What they mean together.
struct ChatPeerPlan {
  chat::ConsoleOptions console;
  std::optional<chat::PagesOptions> pages;
  std::optional<chat::PlainLaneOptions> plain;
  bool keep_open = false;  ///< stay when the input has ended
};

/// Reads the token. Throws Error: what makes no sense (usage); a token that others can read, or a
/// page for everybody without one (not_allowed).
ChatPeerPlan plan_of(const ChatPeerArguments& arguments);

}  // namespace shoal::nodes
