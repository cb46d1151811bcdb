#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <shoal/base/error.hpp>
#include <shoal/reqrep/reply_text.hpp>
#include <shoal/reqrep/requester.hpp>
#include <shoal/runtime/block_source.hpp>
#include <shoal/runtime/byte_sink.hpp>
#include <shoal/store/reply_store.hpp>

namespace shoal::reqrep {

struct RequestRunOptions {
  RequesterOptions requester{};
  std::optional<std::string> body{};  ///< one request; nothing: each record of stdin is one
  char delimiter = '\n';              ///< ends each record of stdin
  Headers headers{};                  ///< of every request
  Duration timeout = std::chrono::seconds(10);  ///< the deadline of each, from when it is read
  std::uint32_t in_flight = 1000;               ///< requests open or unprinted
  std::uint64_t in_flight_bytes = 64UL << 20;   ///< the same in bytes
  std::optional<Duration> stale{};     ///< when nobody answers, a kept reply no older will do
  std::filesystem::path stale_file{};  ///< where replies are kept for that
  bool unordered = false;              ///< replies as they come, not in the order asked
  ReplyFormat format = ReplyFormat::lines;
};

/// What a RequestRun has done so far.
struct RequestCounts {
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;     ///< well, that is with exit status 0
  std::uint64_t failed = 0;       ///< all else
  std::uint64_t timed_out = 0;    ///< of these
  std::uint64_t unavailable = 0;  ///< of these: nobody there, breakers open, retries used up
  std::uint64_t unfit = 0;        ///< of these: too large, or not what its replier takes
};

/// Asks what stands on stdin, or one body, and writes the replies to stdout: a Requester with an
/// input and an output. Tells on stderr how requests failed. Reactor's thread only.
class RequestRun {
 public:
  /// Throws Error as Requester does; (bad_data) for a body that is too large. Context and reactor
  /// outlive it.
  RequestRun(net::Context& context, runtime::Reactor& reactor, RequestRunOptions options);

  /// Reads nothing more; finished() once what is open has ended.
  void drain();

  /// Whether all is asked, answered and written, and all were told goodbye.
  bool finished() const { return leaving_ && requester_.closed(); }

  /// How it ended: the one request's exit_status, or of many 0 when all went well, 124, 69 or 65
  /// when all that failed took too long, had nobody to answer or were unfit, else 1.
  int exit_code() const;

  const RequestCounts& counts() const { return counts_; }
  const Requester& requester() const { return requester_; }

  /// Whether the input was not read to its end, or the output not written.
  bool cut_short() const { return drained_; }
  bool output_closed() const { return output_.state() == runtime::ByteSink::State::closed; }

  /// What was wrong with the input or the output, if anything.
  const std::optional<Error>& error() const { return error_; }

 private:
  struct Open {
    std::uint64_t seq = 0;
    std::size_t bytes = 0;
    Bytes body{};  // only where replies are kept
  };
  struct Slot {  // a request until its reply is printed, in the order asked
    bool ended = false;
    std::string text;
  };

  bool work();
  bool read_some();
  std::vector<Ask> cut_requests();
  Ask make_ask(Bytes body);
  void refuse(std::uint64_t size);
  void on_ended(std::vector<Ended> all);
  void on_ended(Ended ended);
  bool use_stale(const Bytes& body, Ended& ended);
  void keep(const Bytes& body, const Ended& ended);
  void commit_kept();
  void settle(std::uint64_t seq, std::string text);
  void tell(std::uint64_t seq, const Ended& ended);
  std::string label(std::uint64_t seq) const;
  void write_out();
  void output_stopped();
  void leave_when_done();
  bool has_room() const;

  runtime::Reactor& reactor_;
  RequestRunOptions options_;
  bool scatter_;
  RequestCounts counts_;
  std::optional<int> single_status_;
  std::unordered_map<Id, Open> open_;
  std::deque<Slot> slots_;  // empty when unordered
  std::uint64_t first_slot_ = 0;
  std::uint64_t bytes_ = 0;  // of requests open and replies unprinted
  std::string text_;         // to be written before the Reactor waits
  bool input_ready_ = true;
  bool input_ended_ = false;
  bool drained_ = false;
  bool leaving_ = false;
  std::optional<Error> error_;
  Bytes rest_;  // of the block that was read last
  std::optional<store::ReplyStore> kept_;
  runtime::BlockSource input_;
  runtime::ByteSink output_;
  Requester requester_;
  runtime::Registration working_;
  runtime::Registration committing_;
};

}  // namespace shoal::reqrep
