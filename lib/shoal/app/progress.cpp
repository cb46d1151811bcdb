#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

#include <shoal/app/logging.hpp>
#include <shoal/app/progress.hpp>

namespace shoal::app {
namespace {

constexpr Duration redraw_every = std::chrono::milliseconds(100);
constexpr Duration window = std::chrono::seconds(5);

/// The columns of the terminal on stderr, one less so that the cursor never wraps.
std::size_t usable_columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return 79;
  return size.ws_col - 1U;
}

}  // namespace

void RateWindow::add(Time now, std::uint64_t value) {
  samples_.push_back({now, value});
  // The last sample that is old enough stays, so that the window is never shorter than it says.
  while (samples_.size() > 2 && now - samples_[1].when >= window) samples_.pop_front();
}

std::optional<double> RateWindow::rate() const {
  if (samples_.size() < 2 || samples_.back().when <= samples_.front().when) return std::nullopt;
  const double growth =
      static_cast<double>(samples_.back().value) - static_cast<double>(samples_.front().value);
  return growth / seconds(samples_.back().when - samples_.front().when);
}

bool wants_progress(const CommonOptions& options) {
  const char* terminal = std::getenv("TERM");
  const bool can_erase = terminal != nullptr && std::string_view(terminal) != "dumb";
  return can_erase && !options.quiet && options.log_format == LogFormat::text &&
         isatty(STDERR_FILENO) == 1;
}

Progress::Progress(runtime::Reactor& reactor, bool enabled, std::function<ProgressState()> state)
    : reactor_(reactor), state_(std::move(state)) {
  if (enabled) timer_ = reactor_.every(redraw_every, [this] { draw(); });
}

Progress::~Progress() {
  if (!drawn_.empty()) show_live_line("");
}

void Progress::draw() {
  ProgressState state = state_();
  window_.add(reactor_.now(), state.done);
  if (!state.rate) state.rate = window_.rate();
  std::string line = format_progress(state, usable_columns());
  if (line == drawn_) return;
  drawn_ = std::move(line);
  show_live_line(drawn_);
}

}  // namespace shoal::app
