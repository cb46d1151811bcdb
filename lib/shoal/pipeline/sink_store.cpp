#include <shoal/pipeline/ledger_store.hpp>
#include <shoal/pipeline/sink_store.hpp>
#include <shoal/pipeline/stream_store.hpp>
#include <shoal/store/file.hpp>

namespace shoal::pipeline {

std::unique_ptr<SinkStore> make_sink_store(runtime::Reactor& reactor, SinkStoreOptions options,
                                           std::function<void()> committed) {
  if (options.output && store::is_regular_target(*options.output)) {
    return std::make_unique<LedgerStore>(std::move(options));
  }
  return std::make_unique<StreamStore>(reactor, std::move(options), std::move(committed));
}

}  // namespace shoal::pipeline
