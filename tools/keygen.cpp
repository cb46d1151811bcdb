// shoal keygen: makes the key pair by which a node is known.

#include <filesystem>
#include <optional>
#include <string>

#include <shoal/app/logging.hpp>
#include <shoal/app/print.hpp>
#include <shoal/app/run_main.hpp>
#include <shoal/net/keys.hpp>

using namespace shoal;

namespace {

struct Options {
  app::CommonOptions common;
  std::optional<std::string> name;
  std::filesystem::path folder = ".";
};

void declare(app::CommandLine& line, Options& options) {
  line.positional("NAME", options.name, "what the key's owner is called where it is trusted");
  line.option("--dir", "DIR", options.folder, "where to put the two files; made if it is missing");
}

int run(Options& options) {
  if (!options.name || options.name->empty()) {
    throw Error("whose key? Write shoal keygen NAME", ExitCode::usage);
  }
  if (std::filesystem::path(*options.name).filename() != *options.name) {
    throw Error("'" + *options.name + "' is not a plain name; give the folder with --dir",
                ExitCode::usage);
  }
  std::error_code failed;
  std::filesystem::create_directories(options.folder, failed);
  if (failed) throw system_error("cannot make " + options.folder.string(), failed.value());

  const std::string path = (options.folder / *options.name).lexically_normal().string();
  net::write_new_keys(path);
  app::print(path + ".pub\n" + path + ".key\n");
  log_info("copy " + path + ".pub into the --trust folder of each peer; keep " + path +
           ".key to yourself and give it to your nodes with --key");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return app::run_main<Options>(
      argc, argv,
      {.name = "keygen",
       .summary =
           "Makes a key pair: NAME.pub for those who trust it, NAME.key for its owner alone.",
       .examples = {{"shoal keygen alice", "writes alice.pub and alice.key"},
                    {"shoal worker --key alice.key --trust peers",
                     "encrypts, and talks only to owners of a key in peers/"}}},
      declare, run);
}
