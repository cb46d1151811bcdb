#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/bytes.hpp>
#include <shoal/base/error.hpp>
#include <shoal/runtime/block_source.hpp>
#include <shoal/runtime/reactor.hpp>
#include <shoal/store/record_log.hpp>
#include <shoal/wire/headers.hpp>

namespace shoal::stream {

/// What a line of a publisher's input is.
enum class InputForm {
  payloads,  ///< a payload
  keyed,     ///< a topic, a delimiter and a payload
  json,      ///< a JSON object: topic, headers, payload or payload_b64
};

struct PublishInputOptions {
  std::vector<std::string> files;  ///< as BlockSourceOptions
  char delimiter = '\n';
  std::uint64_t max_size = 64UL << 20;  ///< of a payload
  InputForm form = InputForm::payloads;
  std::string topic = "msg";    ///< of payloads, and of JSON that names none
  std::string key_delimiter{};  ///< of InputForm::keyed
  wire::Headers headers{};      ///< of all messages; those of JSON come on top
  bool skip_bad = false;        ///< pass over lines that make no message, and count them
};

/// Messages that were read together, and what keeps their bytes alive.
struct PublishBatch {
  std::vector<store::NewRecord> records;
  std::vector<const wire::Headers*> headers;  ///< one a record
  std::shared_ptr<const void> keeper;
  std::size_t bytes = 0;  ///< about as much memory

  /// How many lines of all input have been read, with the last record and with each of them; where
  /// each line is a record, `lines` is empty.
  std::uint64_t last_line = 0;
  std::vector<std::uint64_t> lines;
};

/// Cuts a publisher's input into messages. Reads no further than it is asked to. Used on the
/// Reactor's thread only.
class PublishInput {
 public:
  enum class State {
    batch,  ///< there were messages
    later,  ///< none yet; on_ready will tell
    ended,  ///< that was all, or error() says why there is no more
  };

  /// `on_ready` is called from the Reactor when there is something after State::later. Throws Error
  /// (usage) for a topic that cannot be one, and a size that no record can have.
  PublishInput(runtime::Reactor& reactor, PublishInputOptions options,
               std::function<void()> on_ready);
  PublishInput(const PublishInput&) = delete;
  PublishInput& operator=(const PublishInput&) = delete;

  /// The next messages, `most` at most, in place of what is in `into`. They keep alive what they
  /// need, but for common headers, which are this object's.
  State next(std::size_t most, PublishBatch& into);

  /// Why there is no more, if something is wrong: names input and line.
  const std::optional<Error>& error() const { return error_; }

  std::uint64_t skipped() const { return skipped_; }  ///< lines that made no message
  std::uint64_t events() const { return events_; }    ///< JSON that tells of lost messages

 private:
  struct Own;

  bool pull(State& state);
  void cut_payloads(std::size_t most, PublishBatch& into);
  void cut_others(std::size_t most, PublishBatch& into);
  std::string_view cut_line();
  std::string add_keyed(std::string_view line, PublishBatch& into);
  std::string add_json(std::string_view line, PublishBatch& into, Own& own);
  void bad_line(const std::string& what);

  PublishInputOptions options_;
  std::string log_headers_;  // of options_.headers
  runtime::BlockSource source_;
  bool ready_ = true;
  bool ended_ = false;
  Bytes rest_;                   // whole lines
  std::uint64_t line_ = 0;       // the one cut last, in its input
  std::uint64_t all_lines_ = 0;  // cut so far, of all inputs
  std::optional<Error> error_;
  std::uint64_t skipped_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace shoal::stream
