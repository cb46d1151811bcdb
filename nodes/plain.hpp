#pragma once

#include <optional>

#include <shoal/app/common_options.hpp>
#include <shoal/net/context.hpp>
#include <shoal/pipeline/plain_sink.hpp>
#include <shoal/pipeline/plain_ventilator.hpp>
#include <shoal/pipeline/plain_worker.hpp>

/// The nodes of the pipeline on the plain lane: what main() runs with --plain. Each returns the
/// exit code.
namespace shoal::nodes {

/// What all three are told besides their own options.
struct PlainCommon {
  app::CommonOptions common;
  net::SecurityOptions security;
  std::optional<Duration> idle_limit;  ///< -W
};

int run_plain(const PlainCommon& told, const pipeline::PlainVentilatorOptions& options);
int run_plain(const PlainCommon& told, const pipeline::PlainWorkerOptions& options);
int run_plain(const PlainCommon& told, const pipeline::PlainSinkOptions& options);

/// Throws Error (usage) when one of the options that only the reliable lane has was `given`.
void not_on_plain_lane(bool given, const char* options);

}  // namespace shoal::nodes
