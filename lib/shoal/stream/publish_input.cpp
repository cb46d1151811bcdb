#include <cstring>
#include <deque>

#include <shoal/base/units.hpp>
#include <shoal/stream/publish_input.hpp>
#include <shoal/stream/topic_filter.hpp>

namespace shoal::stream {
namespace {

// What a record holds beside the largest payload: topic, headers and its own header.
constexpr std::size_t most_beside = 1UL << 20;

// Escapes and base64 make a line of JSON longer than its payload.
constexpr std::size_t json_growth = 2;

std::string encoded(const wire::Headers& headers) {
  Result<std::string> bytes = store::encode_log_headers(headers);
  if (!bytes) throw Error("--header: " + bytes.reason(), ExitCode::usage);
  return *std::move(bytes);
}

PublishInputOptions checked(PublishInputOptions options) {
  if (std::string fault = topic_fault(options.topic); !fault.empty()) {
    throw Error("--topic: it cannot be one: " + fault, ExitCode::usage);
  }
  constexpr std::uint64_t most = store::log_most_record - most_beside;
  if (options.max_size > most) {
    throw Error("--max-size: a message can be at most " + format_size(most), ExitCode::usage);
  }
  return options;
}

runtime::BlockSourceOptions source_options(const PublishInputOptions& options) {
  std::size_t line = options.max_size;
  if (options.form == InputForm::keyed) line += most_topic + options.key_delimiter.size();
  if (options.form == InputForm::json) line = json_growth * line + most_beside;
  return {.files = options.files, .delimiter = options.delimiter, .max_record = line};
}

/// The field as text, or nothing where it is something else.
const std::string* text_field(const wire::JsonRecord& record, std::string_view name) {
  const wire::JsonValue* value = record.find(name);
  return value == nullptr ? nullptr : std::get_if<std::string>(value);
}

}  // namespace

/// What the messages of JSON lines hold; never moved while views of it are about.
struct PublishInput::Own {
  struct Message {
    std::string topic;
    std::string payload;
    std::string log_headers;
    wire::Headers headers;
  };
  std::deque<Message> messages;
};

PublishInput::PublishInput(runtime::Reactor& reactor, PublishInputOptions options,
                           std::function<void()> on_ready)
    : options_(checked(std::move(options))),
      log_headers_(encoded(options_.headers)),
      source_(reactor, source_options(options_), [this, on_ready = std::move(on_ready)] {
        ready_ = true;
        on_ready();
      }) {}

PublishInput::State PublishInput::next(std::size_t most, PublishBatch& into) {
  into = {};
  while (!ended_ && into.records.empty()) {
    State state = State::batch;
    if (rest_.empty() && !pull(state)) return state;
    if (options_.form == InputForm::payloads) {
      cut_payloads(most, into);
    } else {
      cut_others(most, into);
    }
  }
  return into.records.empty() ? State::ended : State::batch;
}

/// Gets more lines; false when there are none, and `state` says why.
bool PublishInput::pull(State& state) {
  state = State::later;
  if (!ready_) return false;
  runtime::Pulled pulled = source_.next();
  switch (pulled.kind) {
    case runtime::Pulled::Kind::block:
      line_ = source_.input_records() - pulled.count;
      rest_ = std::move(pulled.bytes);
      return true;
    case runtime::Pulled::Kind::later:
      ready_ = false;
      return false;
    case runtime::Pulled::Kind::left_out:  // not asked for
    case runtime::Pulled::Kind::failed:
      error_ = Error(pulled.reason, ExitCode::bad_data);
      break;
    case runtime::Pulled::Kind::end:
      break;
  }
  ended_ = true;
  state = State::ended;
  return false;
}

/// Every line of a block ends with the delimiter.
std::string_view PublishInput::cut_line() {
  const char* begin = rest_.data();
  const void* end = std::memchr(begin, options_.delimiter, rest_.size());
  auto size = static_cast<std::size_t>(static_cast<const char*>(end) - begin);
  rest_ = rest_.slice(size + 1, rest_.size() - size - 1);
  ++line_;
  ++all_lines_;
  return {begin, size};
}

void PublishInput::cut_payloads(std::size_t most, PublishBatch& into) {
  into.keeper = rest_.owner();
  const char* at = rest_.data();
  const char* end = at + rest_.size();
  while (at != end && into.records.size() < most) {
    auto left = static_cast<std::size_t>(end - at);
    const auto* stop = static_cast<const char*>(std::memchr(at, options_.delimiter, left));
    into.records.push_back({.topic = options_.topic,
                            .headers = log_headers_,
                            .payload = {at, static_cast<std::size_t>(stop - at)}});
    at = stop + 1;
  }
  into.headers.assign(into.records.size(), &options_.headers);
  into.bytes = static_cast<std::size_t>(at - rest_.data());
  line_ += into.records.size();
  all_lines_ += into.records.size();
  into.last_line = all_lines_;
  rest_ = rest_.slice(into.bytes, rest_.size() - into.bytes);
}

void PublishInput::cut_others(std::size_t most, PublishBatch& into) {
  std::shared_ptr<const void> block = rest_.owner();
  auto own = std::make_shared<Own>();
  std::size_t before = rest_.size();
  while (!rest_.empty() && into.records.size() < most && !ended_) {
    std::string_view line = cut_line();
    std::string fault =
        options_.form == InputForm::keyed ? add_keyed(line, into) : add_json(line, into, *own);
    if (!fault.empty()) bad_line(fault);
    into.lines.resize(into.records.size(), all_lines_);
  }
  into.last_line = all_lines_;
  into.bytes = before - rest_.size();
  into.keeper = own;
  if (options_.form == InputForm::keyed) into.keeper = std::move(block);
}

void PublishInput::bad_line(const std::string& what) {
  ++skipped_;
  if (options_.skip_bad) return;
  error_ = Error(source_.name() + ": line " + std::to_string(line_) + ": " + what +
                     "; --skip-bad passes over such lines",
                 ExitCode::bad_data);
  ended_ = true;
}

/// What is wrong with the line; empty when it was added.
std::string PublishInput::add_keyed(std::string_view line, PublishBatch& into) {
  std::size_t cut = line.find(options_.key_delimiter);
  if (cut == std::string_view::npos) {
    return "no '" + options_.key_delimiter + "' between a topic and a payload";
  }
  store::NewRecord record{.topic = line.substr(0, cut),
                          .headers = log_headers_,
                          .payload = line.substr(cut + options_.key_delimiter.size())};
  if (std::string fault = topic_fault(record.topic); !fault.empty()) {
    return "its topic cannot be one: " + fault;
  }
  into.records.push_back(record);
  into.headers.push_back(&options_.headers);
  return "";
}

/// As add_keyed. What tells of lost messages is no message, and nothing is wrong with it.
std::string PublishInput::add_json(std::string_view line, PublishBatch& into, Own& own) {
  Result<wire::JsonRecord> record = wire::parse_json_line(line);
  if (!record) return record.reason();
  if (!record->payload && text_field(*record, "event") != nullptr) {
    ++events_;
    return "";
  }
  if (!record->payload) return "no payload (nor payload_b64), or it is not a string";
  if (record->payload->size() > options_.max_size) {
    return "the payload is larger than the limit of " + format_size(options_.max_size);
  }
  const std::string* topic = text_field(*record, "topic");
  if (topic == nullptr && record->find("topic") != nullptr) return "the topic is not a string";
  Own::Message message{.topic = topic == nullptr ? options_.topic : *topic,
                       .payload = std::move(*record->payload),
                       .log_headers = {},
                       .headers = options_.headers};
  if (std::string fault = topic_fault(message.topic); !fault.empty()) {
    return "its topic cannot be one: " + fault;
  }
  if (const wire::JsonValue* value = record->find("headers")) {
    const auto* headers = std::get_if<wire::Headers>(value);
    if (headers == nullptr) return "headers are not an object of strings";
    for (const auto& [name, text] : *headers) message.headers[name] = text;
  }
  if (!wire::headers_fit(message.headers)) return "at most 64 headers, 64K in all";
  Result<std::string> log_headers = store::encode_log_headers(message.headers);
  if (!log_headers) return log_headers.reason();
  message.log_headers = *std::move(log_headers);
  const Own::Message& kept = own.messages.emplace_back(std::move(message));
  into.records.push_back(
      {.topic = kept.topic, .headers = kept.log_headers, .payload = kept.payload});
  into.headers.push_back(&kept.headers);
  return "";
}

}  // namespace shoal::stream
