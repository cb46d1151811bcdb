#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include <shoal/runtime/reactor.hpp>

namespace shoal::net {

/// Lines on stderr about peers, kept few whatever the peers do: the same line about the same
/// subject once, until it is forgotten, and so many a second at most; what was left out is counted.
class Notices {
 public:
  explicit Notices(const runtime::Reactor& reactor) : reactor_(reactor) {}

  /// `subject` is whom the line is about, such as an endpoint; `line` is printable.
  void warn(const std::string& subject, const std::string& line);

  /// All is well with `subject` again: the next line about it is news.
  void forget(const std::string& subject) { said_.erase(subject); }

 private:
  bool may_speak();

  const runtime::Reactor& reactor_;
  std::map<std::string, std::set<std::string>> said_;
  Time second_{};
  int lines_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace shoal::net
