#pragma once

#include <optional>
#include <string>
#include <vector>

#include <shoal/app/command_line.hpp>
#include <shoal/app/log_line.hpp>
#include <shoal/base/clock.hpp>
#include <shoal/net/context.hpp>

namespace shoal::app {

/// What every node can be told; a member named `common` of each node's Options. run_main declares
/// it and acts on it.
struct CommonOptions {
  bool quiet = false;                      ///< only errors on stderr, and no progress line
  int verbose = 0;                         ///< 1: debug lines as well, 2: everything
  LogFormat log_format = LogFormat::text;  ///< of the lines on stderr
};

/// -q, -v, --log-format, --config, -h and -V, under their own heading.
void declare_common(CommandLine& command_line, CommonOptions& options);

/// --key, --trust and --insecure, under their own heading. For every node with a net::Context.
void declare_security(CommandLine& command_line, net::SecurityOptions& options);

/// An endpoint list such as "-b,--bind,--listen". Kept as typed: a Port splits and checks it.
void declare_endpoints(CommandLine& command_line, std::string_view names,
                       std::vector<std::string>& target, std::string_view help);

/// -W/--timeout: how long to wait while nothing moves (app/idle_limit.hpp). `names` is for nodes
/// where `--timeout` means something else.
void declare_timeout(CommandLine& command_line, std::optional<Duration>& target,
                     std::string_view names = "-W,--timeout");

}  // namespace shoal::app
