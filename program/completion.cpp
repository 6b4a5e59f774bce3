#include <troupe/program/completion.hpp>
#include <troupe/program/topology_options.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace troupe::tools {

namespace {

/// What may stand after some words.
struct place {
  std::string path; ///< "troupe run", "troupe explore --faults"
  std::vector<std::string> words{};
  std::vector<const CLI::Option*> options{};
};

/// Of an option, or of an argument by its place.
std::vector<std::string> values_of(const CLI::Option& option) {
  const std::string name = option.get_positional() ? option.get_name(true, false) : option.get_lnames().front();
  if (name == "faults")
    return armable_faults;
  if (name == "as")
    return picture_forms;
  if (name == "SHELL")
    return completed_shells;
  return {};
}

bool takes_names(const CLI::App& at) {
  const auto options = at.get_options();
  return std::any_of(options.begin(), options.end(), [](const CLI::Option* each) {
    return each->get_positional() && each->get_name(true, false).ends_with("FILE");
  });
}

std::vector<const CLI::App*> commands_of(const CLI::App& at) {
  return at.get_subcommands([](const CLI::App*) { return true; });
}

class places {
public:
  places(const CLI::App& all, const std::vector<std::string>& names) : names_(names) {
    add(all, all.get_name());
    add_topics(all, all.get_name() + ' ' + show_help.name);
  }

  /// Of all commands; the first one is that of the program's first word.
  std::vector<place> commands{};
  /// Of options that have values to choose from.
  std::vector<place> values{};
  /// What is no command there gets on, as if it had been said: "troupe run", "troupe run topology".
  std::vector<std::pair<std::string, std::string>> others{};

private:
  void add(const CLI::App& at, const std::string& path) {
    place here{path};
    bool names = takes_names(at);
    for (const CLI::App* const each : commands_of(at)) {
      here.words.push_back(each->get_name());
      if (at.get_parent() != nullptr && takes_names(*each)) {
        others.emplace_back(path, path + ' ' + each->get_name());
        names = true;
      }
    }
    if (names)
      here.words.insert(here.words.end(), names_.begin(), names_.end());
    for (const CLI::Option* const each : at.get_options()) {
      const std::vector<std::string> known = values_of(*each);
      if (each->get_positional()) {
        here.words.insert(here.words.end(), known.begin(), known.end());
        continue;
      }
      here.options.push_back(each);
      if (!known.empty())
        values.push_back({path + " --" + each->get_lnames().front(), known});
    }
    commands.push_back(std::move(here));
    for (const CLI::App* const each : commands_of(at))
      add(*each, path + ' ' + each->get_name());
  }

  /// What can be explained.
  void add_topics(const CLI::App& at, const std::string& path) {
    const auto same =
        std::find_if(commands.begin(), commands.end(), [&](const place& each) { return each.path == path; });
    place& here = same != commands.end() ? *same : commands.emplace_back(place{path});
    for (const CLI::App* const each : commands_of(at))
      here.words.push_back(each->get_name());
    for (const CLI::App* const each : commands_of(at))
      if (!commands_of(*each).empty())
        add_topics(*each, path + ' ' + each->get_name());
  }

  const std::vector<std::string>& names_;
};

/// The name of a shell's function for that program.
std::string function_of(const std::string& program) {
  std::string name = "_" + program;
  for (char& letter : name)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0)
      letter = '_';
  return name;
}

/// The paths of all commands but the program itself.
std::string quoted_paths(const places& all, const char* between) {
  std::string text;
  for (auto each = all.commands.begin() + 1; each != all.commands.end(); ++each)
    text += fmt::format("{}'{}'", text.empty() ? "" : between, each->path);
  return text;
}

std::string for_bash(const places& all) {
  const std::string& program = all.commands.front().path;
  std::string others, words, values;
  for (const auto& [path, as] : all.others)
    others += fmt::format("    '{} '[!-]*) path='{}' ;;\n", path, as);
  for (const place& each : all.commands) {
    std::vector<std::string> here = each.words;
    for (const CLI::Option* const option : each.options)
      for (const std::string& name : option->get_lnames())
        here.push_back("--" + name);
    words += fmt::format("  '{}') words='{}' ;;\n", each.path, fmt::join(here, " "));
  }
  for (const place& each : all.values)
    values += fmt::format("  '{}') words='{}' chosen=yes ;;\n", each.path, fmt::join(each.words, " "));
  return fmt::format(R"({function}() {{
  local path={program} words='' chosen='' before='' current="${{COMP_WORDS[COMP_CWORD]}}" i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$path ${{COMP_WORDS[i]}}" in
    {paths}) path+=" ${{COMP_WORDS[i]}}" ;;
{others}    esac
  done
  case $path in
{words}  esac
  case "$path ${{COMP_WORDS[COMP_CWORD - 1]}}" in
{values}  esac
  [[ $chosen = yes && $current = *,* ]] && before="${{current%,*}}," # the next one of a list
  COMPREPLY=($(compgen -P "$before" -W "$words" -- "${{current#"$before"}}"))
}}
complete -o default -F {function} {program}
)",
                     fmt::arg("function", function_of(program)), fmt::arg("program", program),
                     fmt::arg("paths", quoted_paths(all, " | ")), fmt::arg("others", others), fmt::arg("words", words),
                     fmt::arg("values", values));
}

/// In single quotes.
std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find_first_of("\\'", at)) != text.npos; at += 2)
    text.insert(at, 1, '\\');
  return '\'' + text + '\'';
}

std::string for_fish(const places& all) {
  const std::string& program = all.commands.front().path;
  const std::string function = "_" + function_of(program) + "_at";
  std::string others;
  for (const auto& [path, as] : all.others)
    others += fmt::format("      case '{} -*'\n      case '{} *'\n        set path '{}'\n", path, path, as);
  std::string text = fmt::format(R"(function {function}
  set -l path {program}
  for word in (commandline -opc)[2..-1]
    switch "$path $word"
      case {paths}
        set path "$path $word"
{others}    end
  end
  test "$path" = "$argv"
end
)",
                                 fmt::arg("function", function), fmt::arg("program", program),
                                 fmt::arg("paths", quoted_paths(all, " ")), fmt::arg("others", others));
  for (const place& each : all.commands) {
    const std::string here = fmt::format("complete -c {} -n '{} {}'", program, function, each.path);
    text += fmt::format("{} -a '{}'\n", here, fmt::join(each.words, " "));
    for (const CLI::Option* const option : each.options) {
      const std::vector<std::string> values = values_of(*option);
      text += fmt::format("{} -l {} -d {}", here, option->get_lnames().front(), quoted(option->get_description()));
      if (!values.empty())
        text += fmt::format(" -x -a '{}'", fmt::join(values, " "));
      else if (option->get_items_expected_min() > 0)
        text += " -r";
      text += '\n';
    }
  }
  return text;
}

} // namespace

std::string completion_for(const std::string& shell, const CLI::App& all, const std::vector<std::string>& names) {
  const places to{all, names};
  if (shell == "fish")
    return for_fish(to);
  return (shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : "") + for_bash(to);
}

void completion_command_line::add_options(CLI::App& to) {
  to.add_option("SHELL", shell_, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember(completed_shells));
}

} // namespace troupe::tools
