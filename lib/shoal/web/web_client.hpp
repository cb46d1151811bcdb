#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <memory>
#include <string>

#include <shoal/web/web_server.hpp>

/// One WebSocket. On the web server's thread only; private to this folder.
namespace shoal::web {

/// What a WebClient tells its server.
class WebClientEvents {
 public:
  virtual ~WebClientEvents() = default;
  /// The next frame is read only after the client's go_on().
  virtual void on_frame(ClientId client, std::string text) = 0;
  virtual void on_end(ClientId client) = 0;
};

class WebClient : public std::enable_shared_from_this<WebClient> {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;

  WebClient(ClientId id, boost::beast::tcp_stream stream, const WebServerOptions& options,
            WebClientEvents& events);

  /// Accepts the handshake; `opened` is called once it is done.
  void accept(const Request& request, std::function<void()> opened);

  /// Reads one more frame, as soon as the client may say one.
  void go_on();

  void send(std::shared_ptr<const std::string> text);

  /// Closes once what was sent is written; at once where `now`.
  void close(bool now);

 private:
  void read();
  void write();
  void end();
  Duration wait_for_turn();

  ClientId id_;
  const WebServerOptions& options_;
  WebClientEvents& events_;
  boost::beast::websocket::stream<boost::beast::tcp_stream> socket_;
  boost::asio::steady_timer turn_;
  boost::beast::flat_buffer buffer_;
  std::deque<std::shared_ptr<const std::string>> queue_;
  std::size_t queued_bytes_ = 0;
  bool closing_ = false;
  bool ended_ = false;
  double turns_;  // frames it may say now
  Time turns_at_;
};

}  // namespace shoal::web
