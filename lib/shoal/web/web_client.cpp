#include <algorithm>

#include <shoal/web/web_client.hpp>

namespace shoal::web {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

WebClient::WebClient(ClientId id, beast::tcp_stream stream, const WebServerOptions& options,
                     WebClientEvents& events)
    : id_(id),
      options_(options),
      events_(events),
      socket_(std::move(stream)),
      turn_(socket_.get_executor()),
      turns_(static_cast<double>(options.frames_at_once)),
      turns_at_(std::chrono::steady_clock::now()) {}

void WebClient::accept(const Request& request, std::function<void()> opened) {
  socket_.next_layer().expires_never();  // the WebSocket has time limits of its own
  websocket::stream_base::timeout limits{};
  limits.handshake_timeout = options_.handshake;
  limits.idle_timeout = options_.silence;
  limits.keep_alive_pings = true;
  socket_.set_option(limits);
  socket_.read_message_max(options_.frame_bytes);
  socket_.text(true);
  socket_.async_accept(
      request, [self = shared_from_this(), opened = std::move(opened)](beast::error_code error) {
        if (error) return self->end();
        opened();
        self->read();
      });
}

void WebClient::go_on() {
  if (ended_) return;
  Duration wait = wait_for_turn();
  if (wait <= Duration(0)) return read();
  turn_.expires_after(wait);
  turn_.async_wait([self = shared_from_this()](beast::error_code error) {
    if (!error) self->read();
  });
}

/// Frames are taken from a bucket that fills steadily up to what may come at once.
Duration WebClient::wait_for_turn() {
  Time now = std::chrono::steady_clock::now();
  std::chrono::duration<double> passed = now - turns_at_;
  turns_at_ = now;
  turns_ = std::min(static_cast<double>(options_.frames_at_once),
                    turns_ + passed.count() * options_.frames_a_second);
  turns_ -= 1;
  std::chrono::duration<double> wait(-turns_ / options_.frames_a_second);
  return turns_ >= 0 ? Duration(0) : std::chrono::duration_cast<Duration>(wait);
}

void WebClient::read() {
  socket_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
    if (error || !self->socket_.got_text()) return self->end();
    std::string text = beast::buffers_to_string(self->buffer_.data());
    self->buffer_.consume(self->buffer_.size());
    self->events_.on_frame(self->id_, std::move(text));
  });
}

void WebClient::send(std::shared_ptr<const std::string> text) {
  if (closing_ || ended_) return;
  queued_bytes_ += text->size();
  if (queued_bytes_ > options_.queue_bytes && !queue_.empty()) return close(true);
  queue_.push_back(std::move(text));
  if (queue_.size() == 1) write();
}

void WebClient::write() {
  socket_.async_write(boost::asio::buffer(*queue_.front()),
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (error) return self->end();
                        self->queued_bytes_ -= self->queue_.front()->size();
                        self->queue_.pop_front();
                        if (!self->queue_.empty()) return self->write();
                        if (self->closing_) self->close(false);
                      });
}

void WebClient::close(bool now) {
  closing_ = true;
  if (now) {
    beast::get_lowest_layer(socket_).close();
    return end();
  }
  if (!queue_.empty()) return;
  // Reading goes on until the other side has answered; then it ends with an error.
  socket_.async_close(websocket::close_code::normal,
                      [self = shared_from_this()](beast::error_code) { self->end(); });
}

void WebClient::end() {
  if (std::exchange(ended_, true)) return;
  turn_.cancel();
  beast::get_lowest_layer(socket_).close();
  events_.on_end(id_);
}

}  // namespace shoal::web
