#pragma once

#include <memory>
#include <string>

#include "crowd.hpp"

namespace shoal::bench {

/// What a chat-peer takes for browsers: WebSockets that speak as its page does (PROTOCOL.md, "Chat
/// in the browser").
class Browsers final : public Crowd {
 public:
  Browsers();
  ~Browsers() override;

  /// So many more, at the server of this url; returns when each has been let in. Throws Error or
  /// boost::system::system_error, an std::exception, where one is not.
  void open(const std::string& url, std::size_t count);

  std::size_t size() const override;
  void say(std::size_t who, std::uint64_t number) override;
  void listen(Time until) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shoal::bench
