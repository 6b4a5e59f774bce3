#include <troupe/program/completion.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace troupe::tools {

namespace {

/// What may stand after the words of `path`.
struct place {
  std::string path; ///< "troupe run"
  std::vector<std::string> words;
};

bool takes_names(const CLI::App& at) {
  const auto options = at.get_options();
  return at.get_name() == "run" || std::any_of(options.begin(), options.end(), [](const CLI::Option* each) {
           return each->get_positional() && each->get_name(true, false).ends_with("FILE");
         });
}

void add_places(std::vector<place>& to, const CLI::App& at, const std::string& path,
                const std::vector<std::string>& names) {
  place here{path, {}};
  const auto below = at.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* const each : below)
    here.words.push_back(each->get_name());
  if (takes_names(at))
    here.words.insert(here.words.end(), names.begin(), names.end());
  for (const CLI::Option* const each : at.get_options())
    for (const std::string& name : each->get_lnames())
      here.words.push_back("--" + name);
  to.push_back(std::move(here));
  for (const CLI::App* const each : below)
    add_places(to, *each, path + ' ' + each->get_name(), names);
}

/// The name of a shell's function for that program.
std::string function_of(const std::string& program) {
  std::string name = "_" + program;
  for (char& letter : name)
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0)
      letter = '_';
  return name;
}

std::string for_bash(const std::vector<place>& all) {
  const std::string& program = all.front().path;
  std::string deeper, words;
  for (const place& each : all) {
    if (each.path.find(' ') != std::string::npos)
      deeper += fmt::format("{}\"{}\"", deeper.empty() ? "" : " | ", each.path);
    words += fmt::format("    \"{}\") words=\"{}\" ;;\n", each.path, fmt::join(each.words, " "));
  }
  return fmt::format(R"({2}() {{
  local path={3} words='' i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$path ${{COMP_WORDS[i]}}" in
    {0}) path+=" ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case $path in
{1}  esac
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F {2} {3}
)",
                     deeper, words, function_of(program), program);
}

std::string for_fish(const std::vector<place>& all) {
  const std::string& program = all.front().path;
  const std::string function = "_" + function_of(program) + "_at";
  std::string text =
      fmt::format("function {}\n  test (string join ' ' -- (commandline -opc | string match -v -- '-*')) = "
                  "\"$argv\"\nend\n",
                  function);
  for (const place& each : all)
    text +=
        fmt::format("complete -c {} -n '{} {}' -a '{}'\n", program, function, each.path, fmt::join(each.words, " "));
  return text;
}

} // namespace

std::string completion_for(const std::string& shell, const CLI::App& all, const std::vector<std::string>& names) {
  std::vector<place> places;
  add_places(places, all, all.get_name(), names);
  if (shell == "fish")
    return for_fish(places);
  return (shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : "") + for_bash(places);
}

} // namespace troupe::tools
