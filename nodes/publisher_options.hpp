#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <shoal/app/node_loop.hpp>
#include <shoal/stream/publish_run.hpp>

namespace shoal::nodes {

/// What a publisher's command line holds.
struct PublisherArguments : app::NodeOptions {
  bool null = false;
  bool json = false;
  std::optional<std::string> key_delimiter;
  std::vector<std::string> headers;
  std::string rate;
  std::string fsync = "group";
  std::optional<std::filesystem::path> log;
  std::uint64_t segment = 64UL << 20;
  std::optional<std::uint64_t> memory;
  std::optional<std::uint64_t> retain_size;
  std::optional<Duration> retain_age;
  stream::PublishRunOptions run;
};

/// Names every option.
void declare_publisher(app::CommandLine& line, PublisherArguments& arguments);

/// What they mean together. Throws Error (usage) for what makes no sense.
stream::PublishRunOptions run_options(const PublisherArguments& arguments);

}  // namespace shoal::nodes
