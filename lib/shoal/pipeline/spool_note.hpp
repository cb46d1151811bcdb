#pragma once

#include <string>
#include <string_view>

#include <shoal/base/bytes.hpp>
#include <shoal/wire/batch.hpp>

namespace shoal::pipeline {

/// What a spool must know of a batch beside its range and payload: framing, delimiter and sizes
/// (store/FORMAT.md, "Facts and notes"); and the batch again. Throws Error (bad_data) for a note
/// that does not fit the payload.
std::string spool_note(const wire::Batch& batch);
wire::Batch batch_of(SeqRange range, std::string_view note, Bytes payload);

}  // namespace shoal::pipeline
