#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/clock.hpp>
#include <shoal/runtime/reactor.hpp>

/// HTTP and WebSocket for browsers. The only folder of the library that names Boost.
namespace shoal::web {

/// A WebSocket connection, from on_open to on_closed. Never used again.
using ClientId = std::uint64_t;

/// A file that is served as it is. What it names must outlive the server.
struct WebFile {
  std::string_view path;  ///< "/chat.js"; "/" is what a browser asks for first
  std::string_view type;  ///< "text/javascript"
  std::string_view content;
};

/// What a WebServer tells, always on the Reactor's thread. May call its send() and close().
class WebEvents {
 public:
  virtual ~WebEvents() = default;
  virtual void on_open(ClientId client) = 0;
  virtual void on_text(ClientId client, std::string text) = 0;  ///< one frame; UTF-8
  virtual void on_closed(ClientId client) = 0;  ///< also after close(), or a failed handshake
};

struct WebServerOptions {
  std::string listen;                ///< HOST:PORT; port 0 or * is any free one
  std::vector<std::string> origins;  ///< "https://chat.example", allowed besides our own
  std::string_view socket = "/chat";
  std::vector<WebFile> files;
  std::size_t clients = 1000;            ///< WebSockets at a time; further ones get 503
  std::size_t frame_bytes = 64UL << 10;  ///< largest frame taken
  std::size_t queue_bytes = 16UL << 20;  ///< waiting for one client; beyond it the client is closed
  double frames_a_second = 10;           ///< taken of one client; a quicker one is read more slowly
  std::size_t frames_at_once = 30;       ///< before that begins
  Duration handshake =
      std::chrono::seconds(5);  ///< for the head of a request, and between requests
  Duration silence =
      std::chrono::seconds(30);  ///< a client that answers no ping for so long is closed
};

/// Serves files, and WebSockets under one path, on a thread of its own (PROTOCOL.md, WEB-1, WEB-2
/// and WEB-6). Used on the Reactor's thread only.
class WebServer {
 public:
  /// Listens at once. Throws Error: `listen` that does not parse (usage), an address that cannot be
  /// bound (error). `events` must outlive the server.
  WebServer(runtime::Reactor& reactor, WebServerOptions options, WebEvents& events);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  /// "http://127.0.0.1:8080/", with the port that was bound.
  std::string url() const;

  /// Whether only this machine can reach it.
  static bool is_loopback(const std::string& listen);

  /// Sends a text frame, after what was sent before. Nothing happens when the client is gone.
  void send(ClientId client, std::shared_ptr<const std::string> text);

  /// Closes a client once it has what was sent.
  void close(ClientId client);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shoal::web
