#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/runtime/reactor.hpp>

namespace shoal::app {

/// What a LineEditor tells and asks, always on the Reactor's thread. May print, but not destroy the
/// editor.
struct LineEditorEvents {
  std::function<void(std::string_view line)> line;  ///< a whole line, without its end; UTF-8
  std::function<void()> end;                        ///< Ctrl-D, or the terminal is gone
  /// What may stand instead of the last word of what is typed left of the cursor, ascending.
  std::function<std::vector<std::string>(std::string_view typed)> complete;
};

/// Lines typed in a terminal, with editing, history and completion (libedit), while other lines are
/// printed above. From construction to destruction it has the terminal to itself: lines for people
/// go above the prompt, too, where stderr is a terminal (app/logging.hpp). Ctrl-C is a signal as
/// ever; Ctrl-Z does nothing, because who is stopped looks dead to his peers.
///
/// Used on the Reactor's thread only. A terminal that takes nothing (Ctrl-S) holds up the loop.
class LineEditor {
 public:
  /// Whether stdin and stdout are a terminal.
  static bool is_possible();

  /// Prepares the terminal and shows the prompt. Throws Error when the terminal cannot be used. The
  /// Reactor outlives this. One a process.
  LineEditor(runtime::Reactor& reactor, std::string prompt, LineEditorEvents events);

  /// Takes the prompt away and leaves the terminal as it was.
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// Prints whole lines, which must be safe for a terminal, above the prompt; what is being typed
  /// stays.
  void print(std::string_view lines);

  void set_prompt(const std::string& prompt);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shoal::app
