#pragma once

#include <functional>
#include <string>
#include <vector>

#include <shoal/net/port.hpp>
#include <shoal/runtime/reactor.hpp>
#include <shoal/stream/reader_core.hpp>

namespace shoal::stream {

struct StreamReaderOptions {
  std::vector<std::string> binds;     ///< endpoint lists of our own
  std::vector<std::string> connects;  ///< endpoint lists of publishers; with no binds: the default
  ReaderCoreOptions reading{};
};

/// Reads the streams of publishers: the core joined to a Port. Reactor's thread only.
class StreamReader : private net::PortEvents {
 public:
  /// Calls `deliver` for each delivery, in order within a stream, from the Reactor; taken() gives
  /// its credit back, at once or when it is written for good. Throws Error as Port does, and for
  /// topics that cannot be meant (usage). Context and reactor outlive it.
  ///
  /// A stream that cannot go on (STR-8) throws Error (bad_data) from the Reactor.
  StreamReader(net::Context& context, runtime::Reactor& reactor, StreamReaderOptions options,
               std::function<void(Delivery)> deliver);
  ~StreamReader() override;

  void taken(const Delivery& delivery);

  /// Says goodbye to all. What was delivered and not taken comes again at the next start.
  void leave();
  bool finished() const { return leaving_ && port_.closed(); }

  const ReaderCore& core() const { return core_; }
  const net::Port& port() const { return port_; }

 private:
  void on_up(PeerId peer, const wire::Hello& hello) override;
  void on_message(PeerId peer, wire::Message message) override;
  void on_down(PeerId peer, const net::Down& why) override;

  bool work();

  runtime::Reactor& reactor_;
  std::function<void(Delivery)> deliver_;
  ReaderCore core_;
  net::Port port_;
  bool leaving_ = false;
  runtime::Registration working_;
  runtime::Registration ticking_;
};

}  // namespace shoal::stream
