#pragma once

#include <cstdint>
#include <optional>

#include <shoal/app/line_editor.hpp>
#include <shoal/chat/chat_peer.hpp>
#include <shoal/chat/console.hpp>
#include <shoal/runtime/alarm.hpp>

#include "line_pipe.hpp"

namespace shoal::nodes {

/// The user of a chat-peer: a Console joined to a terminal, or to stdin and stdout. Leaves the chat
/// when the user wants to, when stdin has ended and all that it held has reached who is linked, and
/// when asked.
///
/// Input that is no terminal waits for the first peer, so that a script need not; unless this node
/// serves others, and stays when the input has ended.
class Talk {
 public:
  /// `peer` and `reactor` outlive this.
  Talk(runtime::Reactor& reactor, chat::ChatPeer& peer, chat::ConsoleOptions options,
       bool keep_open);

  void on_event(const chat::Event& event);

  /// Leave, once what has been said has reached who is linked.
  void drain() { draining_ = true; }

  /// Has left, and all has been printed.
  bool finished() const;

  bool output_closed() const { return pipe_ && pipe_->closed(); }
  /// Lines taken and things that happened.
  std::uint64_t moved() const { return console_.lines() + events_; }

 private:
  void open(runtime::Reactor& reactor);
  std::string prompt() const;
  bool wants_lines();
  bool has_met();
  bool is_over() const;
  bool work();

  runtime::Reactor& reactor_;
  chat::ChatPeer& peer_;
  bool keep_open_;
  chat::Console console_;
  std::uint64_t events_ = 0;
  bool ended_ = false;  // the terminal's input
  bool draining_ = false;
  bool met_;  // somebody, and had time to hear of the others
  Time linked_ = never;
  std::optional<LinePipe> pipe_;
  std::optional<app::LineEditor> editor_;
  runtime::Alarm alarm_;
  runtime::Registration working_;
};

}  // namespace shoal::nodes
