#pragma once

#include <shoal/app/node_loop.hpp>
#include <shoal/pipeline/plain_sink.hpp>
#include <shoal/pipeline/plain_ventilator.hpp>
#include <shoal/pipeline/plain_worker.hpp>

/// The nodes of the pipeline on the plain lane: what main() runs with --plain. Each returns the
/// exit code.
namespace shoal::nodes {

int run_plain(const app::NodeOptions& told, const pipeline::PlainVentilatorOptions& options);
int run_plain(const app::NodeOptions& told, const pipeline::PlainWorkerOptions& options);
int run_plain(const app::NodeOptions& told, const pipeline::PlainSinkOptions& options);

/// Throws Error (usage) when one of the options that only the reliable lane has was `given`.
void not_on_plain_lane(bool given, const char* options);

}  // namespace shoal::nodes
