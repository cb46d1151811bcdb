#include <algorithm>

#include <shoal/pipeline/result_format.hpp>
#include <shoal/wire/json_line.hpp>

namespace shoal::pipeline {
namespace {

/// Lines that end with `from`, ended by `to` instead.
Bytes with_ends(const Bytes& lines, char from, char to) {
  if (from == to) return lines;
  std::string text(lines.view());
  std::ranges::replace(text, from, to);
  return Bytes::take(std::move(text));
}

/// A result without the one line feed that a command ends its output with.
std::string_view bare(const wire::Batch& batch, std::string_view record) {
  bool lines = batch.framing == wire::Framing::lines;
  return wire::without_delimiter(record, lines ? batch.delimiter : '\n');
}

template <typename Append>
Bytes each_record(const wire::Batch& batch, Append append) {
  std::string text;
  batch.each_record(
      [&](Seq seq, std::string_view record) { append(text, seq, bare(batch, record)); });
  return Bytes::take(std::move(text));
}

}  // namespace

std::string job_label(const Id& job, const std::string& name) {
  return name.empty() ? job.hex() : name;
}

Bytes format_results(ResultFormat format, const std::string& job, const wire::Batch& batch) {
  bool lines = batch.framing == wire::Framing::lines;
  switch (format) {
    case ResultFormat::plain:
      return lines ? with_ends(batch.payload, batch.delimiter, '\n') : batch.payload;
    case ResultFormat::nul:
      if (lines) return with_ends(batch.payload, batch.delimiter, '\0');
      return each_record(batch, [](std::string& text, Seq, std::string_view record) {
        text.append(record) += '\0';
      });
    case ResultFormat::json:
      return each_record(batch, [&](std::string& text, Seq seq, std::string_view record) {
        text += wire::format_json_line({.fields = {{"job", job}, {"seq", std::uint64_t{seq}}},
                                        .payload = std::string(record)});
        text += '\n';
      });
  }
  return {};
}

Bytes format_letter(const wire::pipeline::Letter& letter) {
  std::string text =
      wire::format_json_line({.fields = {{"job", job_label(letter.job, letter.name)},
                                         {"seq", std::uint64_t{letter.seq}},
                                         {"attempts", std::uint64_t{letter.attempts}},
                                         {"status", letter.status},
                                         {"error", letter.error}},
                              .payload = std::string(letter.payload.view())});
  text += '\n';
  return Bytes::take(std::move(text));
}

}  // namespace shoal::pipeline
