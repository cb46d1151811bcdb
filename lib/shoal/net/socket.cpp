#include <sys/epoll.h>

#include <shoal/net/socket.hpp>

namespace shoal::net {
namespace {

[[noreturn]] void fail() {
  throw zmq::error_t();
}

}  // namespace

Socket::Socket(runtime::Reactor& reactor, zmq::context_t& context, zmq::socket_type type)
    : reactor_(reactor), socket_(context, type) {
  socket_.set(zmq::sockopt::linger, 0);
}

void Socket::on_ready(std::function<bool()> ready) {
  ready_ = std::move(ready);
  watch_ =
      reactor_.watch(socket_.get(zmq::sockopt::fd), EPOLLIN, [this](std::uint32_t) { touch(); });
  touch();
}

bool Socket::receive(zmq::message_t& into) {
  while (zmq_msg_recv(into.handle(), socket_.handle(), ZMQ_DONTWAIT) < 0) {
    if (errno == EAGAIN) {
      emptied_ = true;
      return false;
    }
    if (errno != EINTR) fail();
  }
  emptied_ = false;
  return true;
}

void Socket::receive_rest(Frames& into) {
  into.second.reset();
  into.surplus = false;
  if (!into.first.more()) return;
  into.second.emplace();
  receive(*into.second);
  bool more = into.second->more();
  zmq::message_t thrown_away;
  while (more && receive(thrown_away)) {
    into.surplus = true;
    more = thrown_away.more();
  }
}

Wrote Socket::send(zmq::message_t& frame, bool more) {
  touch();
  while (zmq_msg_send(frame.handle(), socket_.handle(), ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) <
         0) {
    if (errno == EAGAIN) return Wrote::full;
    if (errno == EHOSTUNREACH) return Wrote::gone;
    if (errno != EINTR) fail();
  }
  return Wrote::done;
}

bool Socket::writable() {
  touch();
  return (socket_.get(zmq::sockopt::events) & ZMQ_POLLOUT) != 0;
}

void Socket::touch() {
  emptied_ = false;
  if (check_ || !ready_) return;
  check_ = reactor_.before_wait([this] { return run(); });
}

bool Socket::run() {
  bool worked = ready_();
  // A receive that finds nothing has left no sign on the descriptor and eaten none that came later:
  // only calls after it could have.
  if (!worked || emptied_) check_.reset();
  return worked;
}

}  // namespace shoal::net
