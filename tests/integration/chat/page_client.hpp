#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace shoal::test {

using Json = nlohmann::json;
using HttpAnswer = boost::beast::http::response<boost::beast::http::string_body>;

using HttpFields = std::map<std::string, std::string>;

/// Asks a server at `url` ("http://127.0.0.1:8080/") for a path; `fields` besides Host, or instead.
HttpAnswer http_get(const std::string& url, const std::string& path, const HttpFields& fields = {});

/// The status with which it answers a WebSocket handshake; 101 is what opens it.
unsigned handshake(const std::string& url, const HttpFields& fields = {});

/// A page of a chat-peer, without a browser. Everything on the test's thread; what the server says
/// comes in with poll().
class PageClient {
 public:
  /// Shakes hands; throws when the server does not want to.
  explicit PageClient(const std::string& url);

  bool closed() const { return closed_; }

  void say(const Json& message);
  void say_hello(const std::string& nick, const std::string& session, Json more = Json::object());
  void say_post(std::uint64_t tag, const std::string& text);

  /// Takes what has come.
  void poll();

  /// Does not read from now on, nor answer pings.
  void stop() { stopped_ = true; }

  /// Of all that has come, what is of one type.
  std::vector<Json> said(const std::string& type) const;
  bool has(const std::string& type) const { return !said(type).empty(); }

  /// The texts of all posts, alone and in histories, in the order in which they came.
  std::vector<std::string> texts() const;

 private:
  void read();

  boost::asio::io_context context_{1};
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket> socket_{context_};
  boost::beast::flat_buffer buffer_;
  std::vector<Json> said_;
  bool closed_ = false;
  bool stopped_ = false;
};

}  // namespace shoal::test
