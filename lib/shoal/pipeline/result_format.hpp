#pragma once

#include <string>

#include <shoal/base/bytes.hpp>
#include <shoal/wire/batch.hpp>
#include <shoal/wire/pipeline_messages.hpp>

namespace shoal::pipeline {

/// How a sink writes results.
enum class ResultFormat {
  plain,  ///< as the command wrote them
  nul,    ///< each ended by a NUL instead of a line feed
  json,   ///< a JSON line each: job, seq, payload (payload_b64 where it is not UTF-8)
};

/// What a job is called in output: its name, or its id where it has none.
std::string job_label(const Id& job, const std::string& name);

/// The results of `batch` as they stand in the output. Plain lines are passed on without a copy.
Bytes format_results(ResultFormat format, const std::string& job, const wire::Batch& batch);

/// A dead letter as a JSON line: job, seq, attempts, status, error (the end of stderr), payload.
Bytes format_letter(const wire::pipeline::Letter& letter);

}  // namespace shoal::pipeline
