#include <shoal/store/record_log.hpp>

namespace shoal::store {
namespace {

constexpr std::size_t read_at_once = 256 * 1024;

}  // namespace

std::map<std::string, Offset, std::less<>> last_by_topic(RecordReader& reader, Offset end) {
  std::map<std::string, Offset, std::less<>> last;
  reader.seek(0);
  while (true) {
    ReadOutcome outcome = reader.next(end, read_at_once);
    if (std::holds_alternative<AtEnd>(outcome)) return last;
    const auto* block = std::get_if<RecordBlock>(&outcome);
    if (block == nullptr) continue;
    for (const RecordView& record : *block) {
      auto known = last.find(record.topic);
      if (known == last.end()) known = last.emplace(record.topic, 0).first;
      known->second = record.offset;
    }
  }
}

}  // namespace shoal::store
