#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <shoal/app/node_loop.hpp>
#include <shoal/stream/subscribe_run.hpp>

namespace shoal::nodes {

/// What a subscriber's command line holds.
struct SubscriberArguments : app::NodeOptions {
  std::vector<std::string> binds;
  std::vector<std::string> connects;
  std::vector<std::string> streams;
  std::vector<std::string> stream_binds;
  std::vector<std::string> patterns;
  std::vector<std::string> prefixes;
  std::optional<std::string> from;
  bool last = false;
  bool skip_trimmed = false;
  bool null = false;
  bool json = false;
  bool raw = false;
  std::optional<std::string> format;
  stream::SubscribeRunOptions run;
};

/// Names every option.
void declare_subscriber(app::CommandLine& line, SubscriberArguments& arguments);

/// What they mean together. Throws Error (usage) for what makes no sense.
stream::SubscribeRunOptions run_options(const SubscriberArguments& arguments);

}  // namespace shoal::nodes
