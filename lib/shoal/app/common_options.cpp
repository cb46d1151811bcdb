#include <shoal/app/common_options.hpp>

namespace shoal::app {

void declare_common(CommandLine& command_line, CommonOptions& options) {
  command_line.group("Common options");
  command_line.flag("-q,--quiet", options.quiet, "print nothing but errors on stderr");
  command_line.count("-v,--verbose", options.verbose,
                     "print more on stderr; twice prints everything");
  command_line.choice<LogFormat>("--log-format", "text|json", options.log_format,
                                 {{"text", LogFormat::text}, {"json", LogFormat::json}},
                                 "how lines on stderr are written");
  command_line.standard_options();
}

void declare_security(CommandLine& command_line, net::SecurityOptions& options) {
  command_line.group("Security");
  command_line.option("--key", "FILE", options.key,
                      "this node's secret key, NAME.key as `shoal keygen NAME` writes it; together "
                      "with --trust it encrypts all traffic and lets in nobody else");
  command_line.option("--trust", "PATH", options.trust,
                      "the public keys of the peers to trust: a folder of NAME.pub files, or one "
                      "such file");
  command_line.flag(
      "--insecure", options.insecure,
      "go beyond this machine without keys: anyone on the network can read, forge and "
      "take messages");
}

void declare_endpoints(CommandLine& command_line, std::string_view names,
                       std::vector<std::string>& target, std::string_view help) {
  command_line.option(names, "ENDPOINTS", target, help);
}

void declare_timeout(CommandLine& command_line, std::optional<Duration>& target,
                     std::string_view names) {
  command_line.option(names, "TIME", target,
                      "give up when no peer is there, or nothing has moved, for this long: exit 69 "
                      "before the first peer, 75 after");
}

}  // namespace shoal::app
