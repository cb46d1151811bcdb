#include <shoal/store/log_format.hpp>
#include <shoal/stream/record_check.hpp>

namespace shoal::stream {

std::string records_fault(const wire::stream::Records& records) {
  std::string_view rest = records.body;
  wire::stream::Offset at = records.first;
  std::uint64_t count = 0;
  for (; !rest.empty(); ++count) {
    store::DecodedRecord decoded = store::decode_log_record(rest);
    if (decoded.state != store::RecordState::whole) {
      return "it sent a damaged record behind offset " + std::to_string(at);
    }
    wire::stream::Offset offset = decoded.record.offset;
    if (offset < at || offset >= records.next) {
      return "it sent offset " + std::to_string(offset) + " out of place";
    }
    at = offset + 1;
    rest.remove_prefix(decoded.record.size);
  }
  if (count != records.count) {
    return "it sent " + std::to_string(count) + " records as " + std::to_string(records.count);
  }
  return "";
}

}  // namespace shoal::stream
