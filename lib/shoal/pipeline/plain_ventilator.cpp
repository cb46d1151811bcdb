#include <shoal/pipeline/plain_ventilator.hpp>
#include <shoal/pipeline/port_glue.hpp>

namespace shoal::pipeline {
namespace {

// How many are handed out before others on the Reactor have their turn.
constexpr int most_a_turn = 1000;

net::PlainOptions socket_options(const PlainVentilatorOptions& options) {
  net::PlainOptions plain{.binds = options.binds, .connects = options.connects, .peer = "worker"};
  if (plain.binds.empty() && plain.connects.empty()) plain.binds = {ventilator_endpoint};
  plain.message_bytes = options.input.max_task;
  return plain;
}

}  // namespace

PlainVentilator::PlainVentilator(net::Context& context, runtime::Reactor& reactor,
                                 PlainVentilatorOptions options)
    : input_(reactor, options.input, nullptr, [this] { socket_.touch(); }),
      socket_(context, reactor, net::PlainSocket::Kind::push, socket_options(options),
              [this] { return hand_out(); }) {}

bool PlainVentilator::hand_out() {
  for (int count = 0; count < most_a_turn; ++count) {
    if (block_.range.count == 0 && !read_block()) return count > 0;
    Bytes task = next_task();
    if (!socket_.send(task)) return count > 0;
    bool delimited = block_.framing == wire::Framing::lines;
    offset_ += task.size() + (delimited ? 1 : 0);
    --block_.range.count;
    ++sent_;
  }
  return true;
}

/// The next block of tasks; false when there is none now, or none any more.
bool PlainVentilator::read_block() {
  TaskInput::State state = TaskInput::State::end;
  try {
    state = input_.next(block_);
  } catch (const Error& error) {
    input_error_ = error;
  }
  offset_ = 0;
  if (state == TaskInput::State::batch) return true;
  block_ = {};
  if (state == TaskInput::State::nothing) return false;
  complete_ = !input_error_;
  socket_.close();
  return false;
}

Bytes PlainVentilator::next_task() const {
  if (block_.framing != wire::Framing::lines) return block_.payload;
  std::string_view rest = block_.payload.view().substr(offset_);
  return block_.payload.slice(offset_, rest.find(block_.delimiter));
}

void PlainVentilator::drain() {
  socket_.close();
}

}  // namespace shoal::pipeline
