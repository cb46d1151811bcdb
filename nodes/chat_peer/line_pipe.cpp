#include "line_pipe.hpp"

#include <unistd.h>

#include <shoal/base/error.hpp>
#include <shoal/base/units.hpp>

namespace shoal::nodes {
namespace {

using runtime::Pulled;

constexpr std::size_t most_unread = 64UL << 20;  // of what is printed
constexpr std::size_t most_line = 1UL << 20;     // more than any message, however it is escaped

}  // namespace

LinePipe::LinePipe(runtime::Reactor& reactor, std::function<bool()> wants,
                   std::function<void(std::string_view)> line)
    : wants_(std::move(wants)),
      line_(std::move(line)),
      output_(reactor, STDOUT_FILENO, "stdout", {}),
      input_(reactor, {.max_record = most_line}, [this] {
        asked_ = false;
        pull();
      }) {}

void LinePipe::pull() {
  while (!ended_ && !asked_) {
    if (left_.empty()) {
      Pulled pulled = input_.next();
      asked_ = pulled.kind == Pulled::Kind::later;
      if (asked_) return;
      if (pulled.kind == Pulled::Kind::failed) throw Error(pulled.reason);
      ended_ = pulled.kind == Pulled::Kind::end;
      block_ = std::move(pulled.bytes);
      left_ = block_.view();
    }
    while (!left_.empty()) {
      if (!wants_()) return;
      std::size_t end = left_.find('\n');
      line_(left_.substr(0, end));
      left_.remove_prefix(end + 1);  // there is one: a block is whole lines
    }
  }
}

void LinePipe::print(std::string text) {
  if (!text.empty()) output_.write(Bytes::take(std::move(text)));
  if (output_.state() == runtime::ByteSink::State::failed) throw output_.error();
  if (output_.pending_bytes() > most_unread) {
    throw Error("nobody reads stdout: " + format_size(output_.pending_bytes()) + " wait there");
  }
}

}  // namespace shoal::nodes
