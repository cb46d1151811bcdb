#pragma once

#include <string>
#include <vector>

namespace shoal::app {

/// What a node declares about one option or positional, as data: the help page, man pages and shell
/// completions are all made from it.
struct Declaration {
  enum class Kind {
    flag,         ///< takes no value
    value,        ///< takes one value; the last one given counts
    list,         ///< takes one value each time it is given; all count
    positionals,  ///< the words that are no options
    command       ///< the first word that is no option, and all after it
  };

  Kind kind = Kind::flag;
  std::string name{};                  ///< `--jobs`; for positionals and commands the value name
  std::string short_name{};            ///< `-j`, or empty
  std::vector<std::string> aliases{};  ///< further long names
  std::string value_name{};            ///< `N`; empty for flags
  std::string default_text{};          ///< as typed; empty when there is none to tell
  std::string help{};                  ///< one or two sentences without the final full stop
  std::string group{};                 ///< the heading under which it stands
  std::string environment{};           ///< the variable it can come from, or empty
  std::vector<std::string> choices{};  ///< all the values it takes, where they are few
  std::string implied{};               ///< the value when none follows; empty: one must

  bool takes_value() const { return kind == Kind::value || kind == Kind::list; }
  bool is_option() const { return kind == Kind::flag || takes_value(); }
};

}  // namespace shoal::app
