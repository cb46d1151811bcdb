#include "shoal_pages.hpp"

#include <memory>

#include <shoal/app/man_page.hpp>
#include <shoal/base/error.hpp>
#include <shoal/runtime/command_run.hpp>

#include "shoal_nodes.hpp"

namespace shoal::tool {
namespace {

constexpr const char* summary =
    "Small programs that send each other messages directly, with no broker between them.";
const app::Example example{
    "shoal sink -o results.txt & shoal worker wc -c & shoal ventilator tasks.txt",
    "runs each line of tasks.txt through wc -c, here or on as many machines as you like"};

std::string listing(std::span<const Node> entries) {
  constexpr std::size_t width = 10;
  std::string text;
  for (const Node& entry : entries) {
    std::string name(entry.name);
    name.resize(width, ' ');
    text += "  " + name + "  " + std::string(entry.summary) + "\n";
  }
  return text;
}

void declare(std::vector<app::Declaration>& declarations, std::span<const Node> entries,
             const std::string& group) {
  for (const Node& entry : entries) {
    declarations.push_back({.kind = app::Declaration::Kind::positionals,
                            .name = std::string(entry.name),
                            .help = std::string(entry.summary),
                            .group = group});
  }
}

std::string executable(const Node& node) {
  for (const auto& place : places(node)) {
    if (std::filesystem::exists(place)) return place.string();
  }
  refuse_missing(node);
}

/// What each of the executables prints when it is asked to describe itself in that form.
std::vector<std::string> descriptions(const std::vector<std::string>& programs,
                                      const std::string& form) {
  runtime::Reactor reactor;
  std::vector<runtime::Outcome> outcomes(programs.size());
  std::vector<std::unique_ptr<runtime::CommandRun>> runs;
  std::size_t left = programs.size();
  for (std::size_t i = 0; i < programs.size(); ++i) {
    runtime::CommandSpec spec{.command = {.argv = {programs[i], "--describe=" + form}},
                              .timeout = std::chrono::seconds(30)};
    runs.push_back(std::make_unique<runtime::CommandRun>(
        reactor, std::move(spec), [&outcomes, &left, i](runtime::Outcome outcome) {
          outcomes[i] = std::move(outcome);
          --left;
        }));
  }
  reactor.run_until([&] { return left == 0; });
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    if (!outcomes[i].ok()) throw Error(programs[i] + " does not tell its options; build it anew");
    texts.push_back(std::move(outcomes[i].output));
  }
  return texts;
}

}  // namespace

std::string help_text() {
  return "Usage: shoal NODE [OPTION...]\n"
         "\n" +
         std::string(summary) +
         "\n"
         "\n"
         "NODES\n" +
         listing(nodes()) +
         "\n"
         "TOOLS\n" +
         listing(helpers()) +
         "\n"
         "OPTIONS\n"
         "  -h, --help     print this page and exit\n"
         "  -V, --version  print the version and exit\n"
         "\n"
         "shoal help NODE tells all about one of them; shoal help --man NODE is its manual page.\n"
         "shoal completion bash (or zsh, fish) prints a script that completes all of this.\n"
         "\n"
         "EXAMPLES\n"
         "  " +
         example.command + "\n      " + example.meaning + "\n";
}

std::string own_man_page() {
  std::vector<app::Declaration> declarations{
      {.name = "--help", .short_name = "-h", .help = "print a short page", .group = "Options"},
      {.name = "--version",
       .short_name = "-V",
       .help = "print the version and exit",
       .group = "Options"}};
  declare(declarations, nodes(), "Nodes");
  declare(declarations, helpers(), "Tools");
  return app::man_page({.name = "", .summary = summary, .examples = {example}}, declarations);
}

std::string completion(const std::string& shell) {
  const std::optional<app::Shell> known = app::shell_named(shell);
  if (!known) {
    throw Error("there is no completion for '" + shell + "'; say bash, zsh or fish",
                ExitCode::usage);
  }
  std::vector<app::CompletedNode> completed;
  std::vector<std::string> programs;
  for (const std::span<const Node> entries : {nodes(), helpers()}) {
    for (const Node& node : entries) {
      programs.push_back(executable(node));
      completed.push_back({.name = std::string(node.name), .summary = std::string(node.summary)});
    }
  }
  std::vector<std::string> parts = descriptions(programs, shell);
  for (std::size_t i = 0; i < completed.size(); ++i) completed[i].part = std::move(parts[i]);
  return app::completion_script(*known, completed);
}

}  // namespace shoal::tool
