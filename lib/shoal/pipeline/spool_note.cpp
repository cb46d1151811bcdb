#include <shoal/base/error.hpp>
#include <shoal/base/little_endian.hpp>
#include <shoal/pipeline/spool_note.hpp>

namespace shoal::pipeline {

std::string spool_note(const wire::Batch& batch) {
  std::string note{static_cast<char>(batch.framing), batch.delimiter};
  for (std::uint32_t size : batch.sizes) put_number(note, size);
  return note;
}

wire::Batch batch_of(SeqRange range, std::string_view note, Bytes payload) {
  wire::Batch batch{.range = range};
  bool known = note.size() >= 2 && static_cast<unsigned char>(note[0]) <= 2;
  if (known) {
    batch.framing = static_cast<wire::Framing>(note[0]);
    batch.delimiter = note[1];
    for (std::size_t at = 2; at + 4 <= note.size(); at += 4) {
      batch.sizes.push_back(get_number<std::uint32_t>(note, at));
    }
  }
  batch.payload = std::move(payload);
  if (!known || !batch.well_formed()) {
    throw Error(
        "the ledger's entry of a result set aside is damaged; remove the output and its "
        ".shoal files to begin anew",
        ExitCode::bad_data);
  }
  return batch;
}

}  // namespace shoal::pipeline
