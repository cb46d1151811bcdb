#pragma once

#include <deque>
#include <functional>
#include <optional>

#include <shoal/app/common_options.hpp>
#include <shoal/app/progress_text.hpp>
#include <shoal/runtime/reactor.hpp>

namespace shoal::app {

/// How fast a counter has grown over the last seconds.
class RateWindow {
 public:
  /// Notes the counter's value at `now`. Times never go back.
  void add(Time now, std::uint64_t value);

  /// Growth per second over at most the last 5 s; nothing before there are two moments.
  std::optional<double> rate() const;

 private:
  struct Sample {
    Time when;
    std::uint64_t value;
  };
  std::deque<Sample> samples_;
};

/// Whether a progress line is wanted: stderr is a terminal that can erase, not --quiet, and lines
/// are for people. A node whose stdout is data for a terminal should ask isatty(1) as well.
bool wants_progress(const CommonOptions& options);

/// A live line on stderr that tells how far the node is, drawn ten times a second from the Reactor.
/// Log lines appear above it, and it is erased in the end.
class Progress {
 public:
  /// Does nothing unless `enabled`. `state` is called on the Reactor's thread; both must outlive
  /// this.
  Progress(runtime::Reactor& reactor, bool enabled, std::function<ProgressState()> state);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void draw();

  runtime::Reactor& reactor_;
  std::function<ProgressState()> state_;
  RateWindow window_;
  std::string drawn_;
  runtime::Registration timer_;
};

}  // namespace shoal::app
