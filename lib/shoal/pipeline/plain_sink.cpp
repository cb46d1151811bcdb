#include <fcntl.h>
#include <unistd.h>

#include <shoal/base/error.hpp>
#include <shoal/pipeline/plain_sink.hpp>
#include <shoal/pipeline/port_glue.hpp>
#include <shoal/wire/json_line.hpp>

namespace shoal::pipeline {
namespace {

constexpr int most_a_turn = 1000;

// No more is taken in while so much waits to be written.
constexpr std::size_t most_pending = 8UL << 20;

Fd open_output(const PlainSinkOptions& options) {
  if (!options.output) return {};
  Fd fd(open(options.output->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!fd) throw system_error("cannot write " + options.output->string());
  return fd;
}

net::PlainOptions socket_options(const PlainSinkOptions& options) {
  net::PlainOptions plain{.binds = options.binds, .connects = options.connects, .peer = "worker"};
  if (plain.binds.empty() && plain.connects.empty()) plain.binds = {sink_endpoint};
  return plain;
}

}  // namespace

PlainSink::PlainSink(net::Context& context, runtime::Reactor& reactor, PlainSinkOptions options)
    : options_(std::move(options)),
      opened_(open_output(options_)),
      socket_(context, reactor, net::PlainSocket::Kind::pull, socket_options(options_),
              [this] { return take_results(); }),
      output_(reactor, opened_ ? opened_.get() : STDOUT_FILENO,
              options_.output ? options_.output->string() : "stdout",
              {.drained = [this] { socket_.touch(); }, .stopped = {}}) {}

bool PlainSink::take_results() {
  int taken = 0;
  while (taken < most_a_turn && !complete() && output_.pending_bytes() < most_pending) {
    std::optional<Bytes> result = socket_.receive();
    if (!result) break;
    write(*result);
    ++kept_;
    ++taken;
  }
  if (complete()) drain();
  return taken > 0;
}

void PlainSink::write(const Bytes& result) {
  std::string text;
  if (options_.format == ResultFormat::json) {
    text =
        wire::format_json_line({.fields = {{"seq", kept_}}, .payload = std::string(result.view())});
    text += '\n';
  } else {
    char end = options_.format == ResultFormat::nul ? '\0' : '\n';
    text = result.view();
    if (!text.ends_with(end)) text += end;
  }
  output_.write(Bytes::take(std::move(text)));
}

void PlainSink::drain() {
  draining_ = true;
  socket_.close();
}

bool PlainSink::finished() const {
  if (output_.state() == runtime::ByteSink::State::failed) throw Error(output_.error());
  return output_closed() || (draining_ && output_.pending_bytes() == 0 && socket_.closed());
}

}  // namespace shoal::pipeline
