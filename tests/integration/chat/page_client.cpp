#include "page_client.hpp"

#include <boost/asio/connect.hpp>

namespace shoal::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

/// "127.0.0.1:8080"
std::string place_in(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  return url.substr(scheme.size(), url.size() - scheme.size() - 1);
}

void connect(asio::io_context& context, asio::ip::tcp::socket& socket, const std::string& url) {
  std::string place = place_in(url);
  std::size_t colon = place.rfind(':');
  asio::ip::tcp::resolver resolver(context);
  asio::connect(socket, resolver.resolve(place.substr(0, colon), place.substr(colon + 1)));
}

}  // namespace

HttpAnswer http_get(const std::string& url, const std::string& path, const HttpFields& fields) {
  asio::io_context context{1};
  asio::ip::tcp::socket socket(context);
  connect(context, socket, url);
  http::request<http::empty_body> request(http::verb::get, path, 11);
  request.set(http::field::host, place_in(url));
  for (const auto& [name, value] : fields) request.set(name, value);
  http::write(socket, request);
  beast::flat_buffer buffer;
  HttpAnswer answer;
  http::read(socket, buffer, answer);
  return answer;
}

unsigned handshake(const std::string& url, const HttpFields& fields) {
  HttpFields all{{"Connection", "Upgrade"},
                 {"Upgrade", "websocket"},
                 {"Sec-WebSocket-Version", "13"},
                 {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  all.insert(fields.begin(), fields.end());
  return http_get(url, "/chat", all).result_int();
}

PageClient::PageClient(const std::string& url) {
  connect(context_, socket_.next_layer(), url);
  socket_.handshake(place_in(url), "/chat");
  read();
}

void PageClient::say(const Json& message) {
  beast::error_code error;
  socket_.write(asio::buffer(message.dump()), error);
  if (error) closed_ = true;
}

void PageClient::say_hello(const std::string& nick, const std::string& session, Json more) {
  Json hello{{"type", "hello"}, {"nick", nick}, {"session", session}, {"rooms", {"lobby"}}};
  hello.update(more);
  say(hello);
}

void PageClient::say_post(std::uint64_t tag, const std::string& text) {
  say({{"type", "post"}, {"room", "lobby"}, {"kind", "says"}, {"tag", tag}, {"text", text}});
}

void PageClient::read() {
  socket_.async_read(buffer_, [this](beast::error_code error, std::size_t) {
    if (error) {
      closed_ = true;
      return;
    }
    said_.push_back(Json::parse(beast::buffers_to_string(buffer_.data())));
    buffer_.clear();
    if (!stopped_) read();
  });
}

void PageClient::poll() {
  if (stopped_) return;
  context_.restart();
  context_.poll();
}

std::vector<Json> PageClient::said(const std::string& type) const {
  std::vector<Json> found;
  for (const Json& message : said_) {
    if (message["type"] == type) found.push_back(message);
  }
  return found;
}

std::vector<std::string> PageClient::texts() const {
  std::vector<std::string> found;
  for (const Json& message : said_) {
    if (message["type"] == "post") found.push_back(message["text"]);
    if (message["type"] != "history") continue;
    for (const Json& post : message["posts"]) found.push_back(post["text"]);
  }
  return found;
}

}  // namespace shoal::test
