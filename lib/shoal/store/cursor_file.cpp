#include <utility>

#include <shoal/base/assert.hpp>
#include <shoal/store/cursor_file.hpp>

namespace shoal::store {
namespace {

std::filesystem::path apart(std::filesystem::path cursor,
                            const std::optional<std::filesystem::path>& output) {
  if (!output || !same_file(cursor, *output)) return cursor;
  throw Error(output->string() + " is where the cursor is kept; name another file for the output",
              ExitCode::usage);
}

}  // namespace

CursorFile::CursorFile(std::filesystem::path path,
                       const std::optional<std::filesystem::path>& output)
    : ledger_(apart(std::move(path), output), "subscriber") {
  if (!output) return;
  output_name_ = output->filename().string();
  output_.emplace(open_at_committed(*output, ledger_));
  // At once, so that the next start knows what was there before.
  if (!ledger_.lengths().contains(output_name_)) {
    ledger_.put_length(output_name_, output_->length());
    ledger_.commit();
  }
}

void CursorFile::append(Bytes bytes) {
  SHOAL_ASSERT(output_);
  output_->append(std::move(bytes));
  changed_ = true;
}

void CursorFile::put(const CursorRow& row) {
  ledger_.put_cursor(row);
  changed_ = true;
}

void CursorFile::commit() {
  if (!changed_) return;
  if (output_) {
    output_->sync();
    ledger_.put_length(output_name_, output_->length());
  }
  ledger_.commit();
  changed_ = false;
}

}  // namespace shoal::store
