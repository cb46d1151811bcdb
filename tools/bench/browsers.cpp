#include "browsers.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <charconv>
#include <deque>
#include <string_view>

#include <shoal/base/error.hpp>

namespace shoal::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Tcp = asio::ip::tcp;

struct Place {
  std::string host;
  std::string port;
};

Place place_of(std::string_view url) {
  url.remove_prefix(std::string_view("http://").size());
  url.remove_suffix(1);
  std::size_t colon = url.rfind(':');
  return {std::string(url.substr(0, colon)), std::string(url.substr(colon + 1))};
}

class Browser {
 public:
  Browser(asio::io_context& context, const Place& place, std::size_t number)
      : number_(number), link_(context) {
    Tcp::resolver resolver(context);
    asio::connect(link_.next_layer(), resolver.resolve(place.host, place.port));
    link_.next_layer().set_option(Tcp::no_delay(true));
    link_.handshake(place.host + ":" + place.port, "/chat");
    const std::string name = std::to_string(number);
    link_.write(asio::buffer(R"({"type":"hello","nick":"browser-)" + name + R"(","session":"s)" +
                             name + R"(","rooms":["lobby"]})"));
    std::string said;
    while (said.find(R"("type":"ready")") == std::string::npos) {
      link_.read(in_);
      said = take();
      if (said.find(R"("type":"refused")") != std::string::npos) throw Error("a browser: " + said);
    }
  }

  /// Tells `crowd` the numbers of posts from now on.
  void listen(const Crowd& crowd) {
    link_.async_read(in_, [this, &crowd](beast::error_code error, std::size_t) {
      if (error) throw Error("a browser was cut off: " + error.message());
      std::uint64_t tag = tag_of(take());
      if (tag > 0 && crowd.heard) crowd.heard(number_, tag - 1);
      listen(crowd);
    });
  }

  void send(std::string text) {
    out_.push_back(std::move(text));
    if (out_.size() == 1) write();
  }

 private:
  /// The last frame; room for the next.
  std::string take() {
    std::string frame = beast::buffers_to_string(in_.data());
    in_.clear();
    return frame;
  }

  static std::uint64_t tag_of(std::string_view text) {
    constexpr std::string_view key = R"("tag":)";
    std::size_t at = text.find(key);
    if (at == std::string_view::npos) return 0;
    std::uint64_t tag = 0;
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), tag);
    return tag;
  }

  void write() {
    link_.async_write(asio::buffer(out_.front()), [this](beast::error_code error, std::size_t) {
      if (error) throw Error("a browser was cut off: " + error.message());
      out_.pop_front();
      if (!out_.empty()) write();
    });
  }

  std::size_t number_;
  beast::websocket::stream<Tcp::socket> link_;
  beast::flat_buffer in_;
  std::deque<std::string> out_;
};

}  // namespace

class Browsers::Impl {
 public:
  asio::io_context context{1};
  std::deque<Browser> browsers;
};

Browsers::Browsers() : impl_(std::make_unique<Impl>()) {}
Browsers::~Browsers() = default;

void Browsers::open(const std::string& url, std::size_t count) {
  const Place place = place_of(url);
  while (count-- > 0) {
    impl_->browsers.emplace_back(impl_->context, place, impl_->browsers.size());
    impl_->browsers.back().listen(*this);
    impl_->context.poll();
  }
}

std::size_t Browsers::size() const {
  return impl_->browsers.size();
}

void Browsers::say(std::size_t who, std::uint64_t number) {
  impl_->browsers.at(who).send(R"({"type":"post","room":"lobby","kind":"says","tag":)" +
                               std::to_string(number + 1) +
                               R"(,"text":"the quick brown fox jumps over the lazy dog"})");
}

void Browsers::listen(Time until) {
  impl_->context.run_one_until(until);
}

}  // namespace shoal::bench
