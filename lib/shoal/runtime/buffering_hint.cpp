#include <shoal/runtime/buffering_hint.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::runtime {
namespace {

constexpr Duration patience = std::chrono::seconds(5);

}  // namespace

void BufferingHint::asked() {
  if (answered_ || reminder_) return;
  reminder_ = reactor_.at(reactor_.now() + patience, [this] {
    log_warning("'" + command_ +
                "' has not answered its first line yet; if it buffers its output, " +
                "try: stdbuf -oL " + command_);
  });
}

void BufferingHint::answered() {
  if (answered_) return;
  answered_ = true;
  reminder_.reset();
}

}  // namespace shoal::runtime
