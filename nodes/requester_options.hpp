#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <shoal/app/common_options.hpp>
#include <shoal/reqrep/request_run.hpp>

namespace shoal::nodes {

/// What a requester's command line holds.
struct RequesterArguments {
  app::CommonOptions common;
  net::SecurityOptions security;
  bool null = false;
  bool json = false;
  bool raw = false;
  bool all = false;
  std::string breaker = "5/5s";
  std::vector<std::string> headers;
  reqrep::RequestRunOptions run;
};

/// Names every option.
void declare_requester(app::CommandLine& line, RequesterArguments& arguments);

/// What they mean together. Throws Error (usage) for what makes no sense.
reqrep::RequestRunOptions run_options(const RequesterArguments& arguments);

}  // namespace shoal::nodes
