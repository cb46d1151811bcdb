#include <shoal/stream/record_format.hpp>
#include <shoal/wire/json_line.hpp>

namespace shoal::stream {
namespace {

constexpr std::string_view fields = "tpoesTfh";

std::string number(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "";
}

std::optional<char> escaped(char letter) {
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '0':
      return '\0';
    case '\\':
      return '\\';
    default:
      return std::nullopt;
  }
}

void append_field(std::string& out, char field, const std::string& name, const RecordText& record) {
  switch (field) {
    case 't':
      out += record.topic;
      break;
    case 'p':
      out += record.payload;
      break;
    case 'o':
      out += number(record.offset);
      break;
    case 'e':
      out += number(record.epoch);
      break;
    case 's':
      out += number(record.seq);
      break;
    case 'T':
      out += number(record.time);
      break;
    case 'f':
      out += record.from;
      break;
    default:
      if (auto found = record.headers.find(name); found != record.headers.end()) {
        out += found->second;
      }
  }
}

std::string json_line(const RecordText& record) {
  wire::JsonRecord line{.payload = std::string(record.payload)};
  auto put = [&](const char* name, const std::optional<std::uint64_t>& value) {
    if (value) line.fields.emplace_back(name, *value);
  };
  put("ts", record.time);
  line.fields.emplace_back("topic", std::string(record.topic));
  if (!record.from.empty()) line.fields.emplace_back("from", record.from);
  put("seq", record.seq);
  put("offset", record.offset);
  put("epoch", record.epoch);
  if (!record.headers.empty()) line.fields.emplace_back("headers", record.headers);
  return wire::format_json_line(line);
}

}  // namespace

RecordFormat RecordFormat::json() {
  RecordFormat format;
  format.kind_ = Kind::json;
  return format;
}

Result<RecordFormat> RecordFormat::of_template(std::string_view text) {
  RecordFormat format;
  format.kind_ = Kind::pieces;
  std::string plain;
  auto end_plain = [&] {
    if (!plain.empty()) format.pieces_.push_back({.text = std::exchange(plain, {})});
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    char letter = text[at];
    if (letter != '%' && letter != '\\') {
      plain += letter;
      continue;
    }
    std::string_view told = text.substr(at, 2);
    char next = told.size() == 2 ? text[++at] : '\0';
    std::optional<char> meant = letter == '%' ? std::optional('%') : escaped(next);
    if (letter == '%' ? next == '%' : meant.has_value()) {
      plain += *meant;
      continue;
    }
    std::size_t close = text.find('}', at);
    bool named = next == 'h' && text.substr(at + 1).starts_with('{') && close != text.npos;
    bool known = letter == '%' && next != '\0' && fields.find(next) != fields.npos;
    if (!known || (next == 'h' && !named)) {
      return Failure{"'" + std::string(told) +
                     "' means nothing in a format: use %t %p %o %e %s %T %f %h{NAME} %% \\n \\t"};
    }
    end_plain();
    format.pieces_.push_back({.field = next});
    if (!named) continue;
    format.pieces_.back().text = text.substr(at + 2, close - at - 2);
    at = close;
  }
  end_plain();
  return format;
}

void RecordFormat::append(std::string& out, const RecordText& record) const {
  switch (kind_) {
    case Kind::raw:
      out += record.payload;
      break;
    case Kind::json:
      out += json_line(record);
      break;
    case Kind::pieces:
      for (const Piece& piece : pieces_) {
        if (piece.field == 0) {
          out += piece.text;
        } else {
          append_field(out, piece.field, piece.text, record);
        }
      }
  }
}

}  // namespace shoal::stream
