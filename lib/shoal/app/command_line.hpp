#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <shoal/app/about.hpp>
#include <shoal/app/declaration.hpp>
#include <shoal/base/clock.hpp>

namespace shoal::app {

/// What a node's command line can hold, declared once, and the values it held. Parsing, the help
/// page, man pages and completions all follow from the declarations.
///
/// `names` is "-j,--jobs", or with further names that mean the same "-b,--bind,--listen". The value
/// a target has when it is declared is the default and is told in the help. Targets must outlive
/// the CommandLine. Two declarations of one name are a programmer error.
///
/// An option given on the command line beats SHOAL_<NODE>_<OPTION> in the environment, which beats
/// the --config file.
class CommandLine {
 public:
  using Text = std::string_view;

  explicit CommandLine(About about);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// The heading under which the declarations that follow stand in the help.
  void group(Text heading);

  /// An option without a value; `--name=false` and the environment can switch it off again.
  void flag(Text names, bool& target, Text help);

  /// A flag that counts how often it is given: `-vv`.
  void count(Text names, int& target, Text help);

  /// An option with a value of the target's type. A vector takes one value each time it is given,
  /// commas and all, and its default is replaced by the first.
  void option(Text names, Text value_name, std::string& target, Text help);
  void option(Text names, Text value_name, std::optional<std::string>& target, Text help);
  void option(Text names, Text value_name, std::vector<std::string>& target, Text help);
  void option(Text names, Text value_name, std::filesystem::path& target, Text help);
  void option(Text names, Text value_name, std::optional<std::filesystem::path>& target, Text help);

  /// The option declared last may stand without a value, and then means `value`. What follows it is
  /// its value unless that begins with a dash.
  void implied(Text value);

  /// A span of time as base/units.hpp writes it.
  void option(Text names, Text value_name, Duration& target, Text help);
  void option(Text names, Text value_name, std::optional<Duration>& target, Text help);

  /// A size in bytes as base/units.hpp writes it.
  void size(Text names, Text value_name, std::uint64_t& target, Text help);
  void size(Text names, Text value_name, std::optional<std::uint64_t>& target, Text help);

  /// `--max-size`: the largest message that a node takes, from 1 to 2G.
  void max_size(std::uint64_t& target, Text help);

  /// A whole number from `least` to `most`, both within std::int64_t.
  template <std::integral T>
  void number(Text names, Text value_name, T& target, std::int64_t least, std::int64_t most,
              Text help) {
    static_assert(!std::same_as<T, bool>);
    add_number(names, value_name, std::to_string(target), within<T>(least, most), help,
               [&target](std::int64_t value) { target = static_cast<T>(value); });
  }
  template <std::integral T>
  void number(Text names, Text value_name, std::optional<T>& target, std::int64_t least,
              std::int64_t most, Text help) {
    add_number(names, value_name, target ? std::to_string(*target) : "", within<T>(least, most),
               help, [&target](std::int64_t value) { target = static_cast<T>(value); });
  }

  /// One of a few names, each of which stands for a value.
  template <typename T>
  void choice(Text names, Text value_name, T& target,
              const std::vector<std::pair<std::string, T>>& choices, Text help) {
    std::vector<std::string> words;
    std::string default_text;
    for (const auto& [word, value] : choices) {
      words.push_back(word);
      if (value == target) default_text = word;
    }
    add_choice(names, value_name, std::move(default_text), std::move(words), help,
               [&target, choices](std::size_t index) { target = choices[index].second; });
  }

  /// The words that are no options, such as "FILE..." or, for an optional single one, "FILE".
  /// Without such a declaration (or `command`) a word is a usage error.
  void positionals(Text name, std::vector<std::string>& target, Text help);
  void positional(Text name, std::optional<std::string>& target, Text help);

  /// A command to run, "CMD [ARG...]": begins at the first word that is no option, or after `--`.
  /// What follows is the command's own, options included.
  void command(Text name, std::vector<std::string>& target, Text help);

  /// --config, --help and --version.
  void standard_options();

  /// What the command line asks for.
  enum class Asked { run, help, version };

  /// Takes in the arguments (without argv[0]), the environment and the config file, and sets the
  /// targets; reads nothing else and writes nothing. Throws Error (usage) that names the option,
  /// what is wrong with it, and where to read more. Call once.
  Asked parse(std::vector<std::string> arguments);

  const About& about() const noexcept { return about_; }

  /// All that was declared, in that order.
  const std::vector<Declaration>& declarations() const noexcept { return declarations_; }

 private:
  using Values = std::vector<std::string>;
  /// Validates and stores values; returns what is wrong with them, if anything.
  using Store = std::function<std::optional<std::string>(const Values&)>;
  using Limits = std::pair<std::int64_t, std::int64_t>;

  /// `least` and `most`, or what T can hold where that is less.
  template <typename T>
  static Limits within(std::int64_t least, std::int64_t most) {
    if (std::cmp_less(least, std::numeric_limits<T>::min())) least = std::numeric_limits<T>::min();
    if (std::cmp_greater(most, std::numeric_limits<T>::max())) most = std::numeric_limits<T>::max();
    return {least, most};
  }

  void add(Declaration::Kind kind, Text names, Text value_name, std::string default_text, Text help,
           Store store);
  void add_number(Text names, Text value_name, std::string default_text, Limits limits, Text help,
                  std::function<void(std::int64_t)> set);
  void add_choice(Text names, Text value_name, std::string default_text, Values words, Text help,
                  std::function<void(std::size_t)> set);
  void add_words(Declaration::Kind kind, Text name, Text help, Store store);

  struct Arguments;
  struct Given;
  Arguments split(const Values& arguments) const;
  const Declaration* wants_next(const std::string& argument) const;
  const Declaration* find(std::string_view name) const;
  std::vector<Given> read_options(const Values& arguments) const;
  void read_config(std::vector<Given>& given) const;
  void store(const std::vector<Given>& given, const Values& words) const;
  [[noreturn]] void refuse(const std::string& problem) const;
  [[noreturn]] void refuse_unknown(const std::string& argument) const;

  About about_;
  std::string group_ = "Options";
  std::vector<Declaration> declarations_;
  std::vector<Store> stores_;  // one a declaration
  std::optional<std::filesystem::path> config_;
  bool help_ = false;
  bool version_ = false;
};

}  // namespace shoal::app
