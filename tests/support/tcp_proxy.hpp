#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include <shoal/base/fd.hpp>

namespace shoal::test {

/// Listens on a free port of 127.0.0.1 and passes bytes to and from another one, on a thread of its
/// own, with the faults of a real network: a rate in each direction, a stall, a cut.
class TcpProxy {
 public:
  explicit TcpProxy(std::uint16_t target_port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::string endpoint() const { return "tcp://127.0.0.1:" + std::to_string(port_); }

  void set_rate(std::uint64_t bytes_per_second) { rate_ = bytes_per_second; }  ///< 0: no limit
  void stall(bool on) { stalled_ = on; }  ///< nothing passes, and nobody is told
  void cut();                             ///< resets every connection; new ones are welcome

 private:
  struct Pipe;

  void run();
  void accept_one();
  void pass(Pipe& pipe);

  std::uint16_t target_port_;
  std::uint16_t port_ = 0;
  Fd listener_;
  Fd wake_;
  std::atomic<std::uint64_t> rate_ = 0;
  std::atomic<bool> stalled_ = false;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> stop_ = false;
  std::list<Pipe> pipes_;
  std::thread thread_;
};

/// The port in tcp://HOST:PORT.
std::uint16_t port_of(const std::string& endpoint);

/// A listening socket on 127.0.0.1; `port` 0 takes a free one and is set to it.
Fd listen_on_loopback(std::uint16_t& port);

/// An endpoint where nobody listens, kept for this process until it ends.
std::string free_endpoint();

}  // namespace shoal::test
