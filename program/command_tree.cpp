#include <troupe/program/command_tree.hpp>
#include <troupe/program/human_text.hpp>
#include <troupe/program/text_table.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace troupe::tools {

const description show_help{"help", "explain a command", "Explains a command.", ""};

namespace {

std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : path_of(*app.get_parent()) + ' ' + app.get_name();
}

std::vector<const CLI::App*> below(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const each : below(app))
    names.push_back(each->get_name());
  return names;
}

/// The command that the leading words of `arguments` name.
CLI::App& innermost(CLI::App& top, const std::vector<std::string>& arguments, std::size_t& words) {
  CLI::App* found = &top;
  for (words = 0; words < arguments.size(); ++words) {
    const auto named = found->get_subcommands([&](const CLI::App* each) { return each->check_name(arguments[words]); });
    if (named.empty())
      break;
    found = named.front();
  }
  return *found;
}

bool takes_words(const CLI::App& asked) {
  const auto options = asked.get_options();
  return std::any_of(options.begin(), options.end(), [](const CLI::Option* each) { return each->get_positional(); });
}

std::string with_name(std::string text, const std::string& program) {
  for (std::size_t at = 0; (at = text.find('@', at)) != text.npos; at += program.size())
    text.replace(at, 1, program);
  return text;
}

} // namespace

/// Makes the errors about one command line.
class command_tree::complaint {
public:
  complaint(const command_tree& of, const CLI::App& where, const std::vector<std::string>& given)
      : of_(of), where_(where), given_(given) {}

  usage_error operator()(const std::string& what, const std::string& hint = {}) const {
    const std::string& program = of_.app_->get_name();
    std::string line = program;
    for (const std::string& each : given_)
      line += ' ' + (each.empty() ? "''" : printable(each));
    return {fmt::format("{}: error: {}\n  in:   {}\n{}  help: {} --help\n", program, what, line,
                        hint.empty() ? "" : "  try:  " + with_name(hint, program) + '\n', path_of(where_))};
  }

  usage_error unknown_word(const std::string& word) const {
    std::vector<std::string> known = names_of(where_);
    if (const auto others = of_.other_names_.find(&where_); others != of_.other_names_.end())
      known.insert(known.end(), others->second.names.begin(), others->second.names.end());
    if (known.empty())
      return (*this)(fmt::format("unexpected argument `{}`", printable(word)));
    const std::string similar = closest(word, known);
    return (*this)(fmt::format("unknown {} `{}`", where_.get_parent() == nullptr ? "command" : "demo or topology",
                               printable(word)),
                   similar.empty() ? fmt::format("one of: {}", fmt::join(known, ", "))
                                   : path_of(where_) + ' ' + similar);
  }

  usage_error unknown_option(const std::string& option) const {
    std::vector<std::string> known;
    for (const CLI::Option* const each : where_.get_options())
      known.push_back(each->get_name(false, false));
    return (*this)(fmt::format("unknown option `{}`", printable(option)),
                   closest(option.substr(0, option.find('=')), known));
  }

private:
  const command_tree& of_;
  const CLI::App& where_;
  const std::vector<std::string>& given_;
};

command_tree::command_tree(std::string program, const std::string& version, const description& top)
    : version_(version), app_(std::make_unique<CLI::App>("", std::move(program))) {
  described_[app_.get()] = &top;
  app_->set_help_flag("-h,--help", "show this help");
  app_->set_version_flag("--version", "", "show the version");
}

command_tree::~command_tree() = default;

CLI::App& command_tree::add(CLI::App& to, const description& what) {
  CLI::App* const added = to.add_subcommand(what.name, what.summary);
  described_[added] = &what;
  return *added;
}

void command_tree::add_names(const CLI::App& to, std::string placeholder, std::vector<std::string> names) {
  other_names_[&to] = {std::move(placeholder), std::move(names)};
}

std::string command_tree::help(const CLI::App& about) const {
  const description& what = *described_.at(&about);
  const auto others = other_names_.find(&about);
  std::string word = others != other_names_.end() ? others->second.placeholder + ' '
                     : &about == app_.get()       ? "COMMAND "
                                                  : "";
  for (const CLI::Option* const each : about.get_options())
    if (each->get_positional())
      word += each->get_name(true, false) + ' ';
  std::string text = fmt::format("{}\n\nUsage: {} {}[OPTIONS]\n", what.about, path_of(about), word);

  text_table table{{{""}, {""}}};
  const auto commands_below = below(about);
  for (const CLI::App* const each : commands_below)
    table.add({"  " + each->get_name(), described_.at(each)->summary});
  if (!commands_below.empty())
    text += fmt::format("\n{}:\n{}", &about == app_.get() ? "Commands" : "Demos", table.text());

  text_table options{{{""}, {""}}};
  for (const CLI::Option* const each : about.get_options()) {
    const std::string type = each->get_type_name();
    options.add({"  " + each->get_name(false, true) + (type.empty() ? "" : ' ' + type), each->get_description()});
  }
  text += "\nOptions:\n" + options.text();
  return with_name(text + (*what.notes == '\0' ? "" : "\n") + what.notes, app_->get_name());
}

std::variant<show_text, usage_error> command_tree::explain(const std::vector<std::string>& arguments) {
  const std::vector<std::string> topic{arguments.begin() + 1, arguments.end()};
  std::size_t words = 0;
  const CLI::App& about = innermost(*app_, topic, words);
  if (words < topic.size())
    return complaint{*this, about, arguments}.unknown_word(topic[words]);
  return show_text{help(about)};
}

std::optional<std::variant<show_text, usage_error>> command_tree::parse(const std::vector<std::string>& arguments,
                                                                        const std::vector<std::string>& given) {
  if (arguments.empty())
    return show_text{help(*app_)};
  if (arguments[0] == show_help.name)
    return explain(arguments);
  std::size_t words = 0;
  const CLI::App& asked = innermost(*app_, arguments, words);
  const complaint wrong{*this, asked, given};
  if (words < arguments.size() && !arguments[words].starts_with('-') && !takes_words(asked))
    return wrong.unknown_word(arguments[words]);
  try {
    app_->parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()}); // CLI11 takes the last one first
  } catch (const CLI::CallForHelp&) {
    return show_text{help(asked)};
  } catch (const CLI::CallForVersion&) {
    return show_text{app_->get_name() + ' ' + version_ + '\n'};
  } catch (const CLI::ExtrasError&) {
    const std::vector<std::string> extra = app_->remaining(true);
    const std::string first = extra.empty() ? arguments.back() : extra.front();
    if (first.starts_with("-") && first.size() > 1)
      return wrong.unknown_option(first);
    return wrong(fmt::format("unexpected argument `{}`", printable(first)));
  } catch (const CLI::ArgumentMismatch& error) {
    return wrong(fmt::format("an option is given twice, or without its value ({})", error.what()));
  } catch (const CLI::ParseError& error) {
    return wrong(error.what());
  }
  return std::nullopt;
}

bool command_tree::was_asked_for(const CLI::App& which) { return which.parsed(); }

usage_error command_tree::complain(const usage_mistake& of, const CLI::App& where,
                                   const std::vector<std::string>& given) const {
  return complaint{*this, where, given}(of.what, of.hint);
}

} // namespace troupe::tools
