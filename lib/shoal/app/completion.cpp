#include <shoal/app/completion.hpp>

namespace shoal::app {
namespace {

/// `text` as one word of a shell.
std::string one_word(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::vector<std::string> names_of(const Declaration& declared) {
  std::vector<std::string> names;
  if (!declared.short_name.empty()) names.push_back(declared.short_name);
  names.push_back(declared.name);
  names.insert(names.end(), declared.aliases.begin(), declared.aliases.end());
  return names;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += separator;
    out += word;
  }
  return out;
}

bool is_path(const Declaration& declared) {
  return declared.value_name == "FILE" || declared.value_name == "DIR" ||
         declared.value_name == "PATH";
}

std::string bash_part(const std::string& name, const std::vector<Declaration>& declarations) {
  std::string text = "_shoal_" + name + "() {\n  case $previous in\n";
  std::vector<std::string> all;
  for (const Declaration& declared : declarations) {
    if (!declared.is_option()) continue;
    const std::vector<std::string> names = names_of(declared);
    all.insert(all.end(), names.begin(), names.end());
    if (!declared.takes_value()) continue;
    text += "    " + joined(names, "|") + ") ";
    if (!declared.choices.empty()) text += "words=" + one_word(joined(declared.choices, " ")) + " ";
    text += ";;\n";
  }
  text += "    *) [[ $current != -* ]] || words=" + one_word(joined(all, " ")) + " ;;\n";
  return text + "  esac\n}\n";
}

std::string bash_script(const std::vector<CompletedNode>& nodes) {
  std::vector<std::string> names;
  std::string parts;
  for (const CompletedNode& node : nodes) {
    names.push_back(node.name);
    parts += node.part;
  }
  const std::string known = joined(names, " ");
  return parts + R"(_shoal() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=
  case $COMP_CWORD,${COMP_WORDS[1]} in
    1,*) words='help completion )" +
         known + R"( --help --version' ;;
    *,help) words='--man )" +
         known + R"(' ;;
    2,completion) words='bash zsh fish' ;;
    *) ! declare -F "_shoal_${COMP_WORDS[1]}" >/dev/null || "_shoal_${COMP_WORDS[1]}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _shoal shoal
)";
}

/// Text between the brackets of an _arguments specification.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '[' || c == ']' || c == '\\' || c == ':') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_value(const Declaration& declared) {
  if (!declared.takes_value()) return "";
  std::string action = is_path(declared) ? "_files" : " ";
  if (!declared.choices.empty()) action = "(" + joined(declared.choices, " ") + ")";
  return ":" + zsh_text(declared.value_name) + ":" + action;
}

std::string zsh_option(const Declaration& declared) {
  const bool repeats = declared.kind == Declaration::Kind::list;
  const std::vector<std::string> names = names_of(declared);
  const std::string before = repeats ? "*" : "(" + joined(names, " ") + ")";
  const std::string after = "[" + zsh_text(declared.help) + "]" + zsh_value(declared);
  std::string text;
  for (const std::string& name : names) text += " \\\n    " + one_word(before + name + after);
  return text;
}

std::string zsh_part(const std::string& name, const std::vector<Declaration>& declarations) {
  std::string text = "_shoal_" + name + "() {\n  _arguments -s";
  for (const Declaration& declared : declarations) {
    if (declared.is_option()) {
      text += zsh_option(declared);
    } else if (declared.kind == Declaration::Kind::command) {
      text += " \\\n    '*::command:_normal'";
    } else {
      text += " \\\n    '*:" + zsh_text(declared.name) + ":_files'";
    }
  }
  return text + "\n}\n";
}

std::string zsh_script(const std::vector<CompletedNode>& nodes) {
  std::string text = "#compdef shoal\n";
  std::string listed = "    'help:tell about a node' 'completion:print a completion script'";
  for (const CompletedNode& node : nodes) {
    text += node.part;
    listed += "\n    " + one_word(node.name + ":" + zsh_text(node.summary));
  }
  return text + "_shoal() {\n  local -a nodes=(\n" + listed + R"()
  if (( CURRENT == 2 )); then
    _describe node nodes
    return
  fi
  local node=$words[2]
  case $node in
    help) _describe node nodes ;;
    completion) _values shell bash zsh fish ;;
    *)
      shift words
      (( CURRENT -= 1 ))
      (( ! $+functions[_shoal_$node] )) || _shoal_$node
      ;;
  esac
}
if [[ $funcstack[1] == _shoal ]]; then _shoal "$@"; else compdef _shoal shoal; fi
)";
}

/// A word of fish, where quotes keep two characters special.
std::string fish_word(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_part(const std::string& name, const std::vector<Declaration>& declarations) {
  std::string text;
  for (const Declaration& declared : declarations) {
    if (!declared.is_option()) continue;
    text += "complete -c shoal -n '__fish_seen_subcommand_from " + name + "'";
    for (const std::string& option : names_of(declared)) {
      text += option.starts_with("--") ? " -l " + option.substr(2) : " -s " + option.substr(1);
    }
    if (declared.takes_value()) text += is_path(declared) ? " -r" : " -x";
    if (!declared.choices.empty()) text += " -a " + one_word(joined(declared.choices, " "));
    text += " -d " + fish_word(declared.help) + "\n";
  }
  return text;
}

std::string fish_script(const std::vector<CompletedNode>& nodes) {
  std::string text =
      "complete -c shoal -n __fish_use_subcommand -f -a help -d 'tell about a node'\n"
      "complete -c shoal -n __fish_use_subcommand -f -a completion"
      " -d 'print a completion script'\n"
      "complete -c shoal -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n";
  for (const CompletedNode& node : nodes) {
    text +=
        "complete -c shoal -n '__fish_use_subcommand; or __fish_seen_subcommand_from help' -f"
        " -a " +
        node.name + " -d " + fish_word(node.summary) + "\n";
    text += node.part;
  }
  return text;
}

}  // namespace

std::optional<Shell> shell_named(std::string_view word) {
  if (word == "bash") return Shell::bash;
  if (word == "zsh") return Shell::zsh;
  if (word == "fish") return Shell::fish;
  return std::nullopt;
}

std::string completion_part(Shell shell, const std::string& name,
                            const std::vector<Declaration>& declarations) {
  if (shell == Shell::bash) return bash_part(name, declarations);
  if (shell == Shell::zsh) return zsh_part(name, declarations);
  return fish_part(name, declarations);
}

std::string completion_script(Shell shell, const std::vector<CompletedNode>& nodes) {
  if (shell == Shell::bash) return bash_script(nodes);
  if (shell == Shell::zsh) return zsh_script(nodes);
  return fish_script(nodes);
}

}  // namespace shoal::app
