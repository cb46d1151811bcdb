// A ledger's file: whatever is in it, opening it succeeds or says that the data are bad.

#include <fstream>
#include <iterator>

#include <shoal/base/assert.hpp>
#include <shoal/base/error.hpp>
#include <shoal/store/ledger.hpp>

#include "support/temp_dir.hpp"
#include "target.hpp"

using namespace shoal;

namespace {

void read_all(store::Ledger& ledger) {
  for (const store::JobRow& job : ledger.jobs()) (void)ledger.marks(job.job);
  (void)ledger.lengths();
  (void)ledger.spooled();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::TempDir dir;
  std::filesystem::path path = dir.path() / "ledger";
  std::ofstream(path, std::ios::binary) << fuzz::text_of(data, size);
  try {
    store::Ledger ledger(path, "sink");
    read_all(ledger);
  } catch (const Error& error) {
    SHOAL_ASSERT(error.code() == ExitCode::bad_data);
  }
  return 0;
}

std::vector<std::string> fuzz::valid_inputs() {
  test::TempDir dir;
  std::filesystem::path path = dir.path() / "ledger";
  {
    store::Ledger ledger(path, "sink");
    const Id job = Id::of_name("job");
    store::JobRow row{.job = job, .name = "job", .total = 9, .facts = "facts"};
    row.done.insert({0, 4});
    ledger.put_job(row);
    ledger.add_mark(job, {3, 100, 7});
    ledger.put_length("out", 12);
    ledger.add_spooled({.job = job, .range = {5, 2}, .offset = 0, .size = 9, .note = "n"});
    ledger.commit();
  }
  std::ifstream file(path, std::ios::binary);
  return {std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>())};
}

// Each is a file, opened and synced.
std::size_t fuzz::replayed_mutations() {
  return usual_mutations / 200;
}
