#include <shoal/net/notices.hpp>
#include <shoal/runtime/log.hpp>

namespace shoal::net {
namespace {

constexpr int lines_a_second = 10;
constexpr std::size_t most_subjects = 1000;
constexpr std::size_t most_lines = 16;

}  // namespace

void Notices::warn(const std::string& subject, const std::string& line) {
  if (said_.size() >= most_subjects) said_.clear();
  std::set<std::string>& lines = said_[subject];
  if (lines.size() >= most_lines) lines.clear();
  if (!lines.insert(line).second || !may_speak()) return;
  log_warning(line);
}

bool Notices::may_speak() {
  if (reactor_.now() - second_ >= std::chrono::seconds(1)) {
    second_ = reactor_.now();
    lines_ = 0;
    if (left_out_ > 0) {
      log_warning(std::to_string(left_out_) + " more lines about peers were left out");
    }
    left_out_ = 0;
  }
  if (++lines_ <= lines_a_second) return true;
  ++left_out_;
  return false;
}

}  // namespace shoal::net
