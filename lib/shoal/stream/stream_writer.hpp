#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <shoal/net/port.hpp>
#include <shoal/runtime/reactor.hpp>
#include <shoal/store/log_writer.hpp>
#include <shoal/stream/log_view.hpp>
#include <shoal/stream/writer_core.hpp>

namespace shoal::stream {

/// Default endpoint: where publishers serve their streams.
inline constexpr const char* stream_endpoint = "tcp://127.0.0.1:5031";

/// When records count as committed: only then do readers get them.
enum class Fsync {
  group,     ///< synced, all that came in one round of the loop together
  interval,  ///< synced every so often: readers wait for it, and a power cut takes nothing they saw
  none       ///< written: survives the process, but not a power cut
};

struct StreamWriterOptions {
  std::vector<std::string> binds;     ///< endpoint lists; with no connects either: the default
  std::vector<std::string> connects;  ///< endpoint lists of subscribers that listen
  std::optional<store::LogWriterOptions> log{};  ///< none: in memory
  std::uint64_t memory = 64UL << 20;             ///< octets kept without a log on disk
  Fsync fsync = Fsync::group;
  Duration fsync_interval = std::chrono::seconds(1);
};

/// Owns a stream's log and serves it to readers: the core joined to a Port and a log. Reactor's
/// thread only.
class StreamWriter : private net::PortEvents {
 public:
  /// Throws Error as Port and LogWriter do. Context and reactor outlive it.
  StreamWriter(net::Context& context, runtime::Reactor& reactor, StreamWriterOptions options);
  ~StreamWriter() override;

  /// Appends records, each of which fits_log; they are committed, and then announced, before the
  /// loop sleeps next (Fsync::interval: by the next sync). Returns the offset of the first. Throws
  /// Error when the disk fails: then nothing since the last commit was announced, and the writer
  /// cannot be used any more.
  Offset append(std::span<const store::NewRecord> records);

  /// Commits all that was appended, now. Throws Error as append().
  void commit() { commit(true); }

  /// Commits what there is; nothing more will be appended.
  void end();

  /// Whether all that was appended is committed, and every reader has taken it for good.
  bool all_have_all() const;

  /// Readers that went without a goodbye, have not come back, and have not taken all that is
  /// committed now. 0 with a log on disk: there they find it.
  std::size_t lost_readers() const;

  /// Commits what there is and says goodbye to all.
  void leave();
  bool finished() const { return leaving_ && port_.closed(); }

  /// After the last record that is committed.
  Offset head() const { return view_.head(); }

  const store::RecordLog& log() const { return *log_; }
  const WriterCore& core() const { return core_; }
  const net::Port& port() const { return port_; }

 private:
  void on_up(PeerId peer, const wire::Hello& hello) override;
  void on_message(PeerId peer, wire::Message message) override;
  void on_down(PeerId peer, const net::Down& why) override;

  bool work();
  void commit(bool all);
  net::PortOptions port_options() const;

  runtime::Reactor& reactor_;
  StreamWriterOptions options_;
  std::unique_ptr<store::RecordLog> log_;
  RecordLogView view_;
  WriterCore core_;
  net::Port port_;
  std::map<PeerId, Id> nodes_;  // of the sessions
  std::map<Id, Offset> lost_;   // nodes whose sessions broke, and what they had taken
  Time last_sync_{};
  bool leaving_ = false;
  runtime::Registration working_;
  runtime::Registration ticking_;
};

}  // namespace shoal::stream
