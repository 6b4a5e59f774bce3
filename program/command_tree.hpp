// The commands of a program: what they are called, what they take, and what their help says.

#pragma once

#include <troupe/program/cli_names.hpp>
#include <troupe/program/description.hpp>
#include <troupe/program/usage.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::tools {

/// Reads the arguments of a program, explains them, and says what is wrong with them.
class command_tree {
public:
  /// @param program  what the program is called
  command_tree(std::string program, const std::string& version, const description& top);
  command_tree(const command_tree&) = delete;
  command_tree& operator=(const command_tree&) = delete;

  CLI::App& top() noexcept { return *app_; }
  const CLI::App& top() const noexcept { return *app_; }
  /// A command, or one below it.
  CLI::App& add(CLI::App& to, const description& what);
  /// What stands for a command's name as well, as that of a file: for its help, and for hints.
  void add_names(const CLI::App& to, std::string placeholder, std::vector<std::string> names);

  /// What the program prints of itself.
  std::string help(const CLI::App& about) const;

protected:
  ~command_tree();

  /// What is to be printed; nothing: a command was asked for.
  ///
  /// @param arguments  what is read
  /// @param given      what was given, for who made a mistake
  std::optional<std::variant<show_text, usage_error>> parse(const std::vector<std::string>& arguments,
                                                            const std::vector<std::string>& given);
  /// That one, of all commands.
  static bool was_asked_for(const CLI::App& which);
  usage_error complain(const usage_mistake& of, const CLI::App& where, const std::vector<std::string>& given) const;

private:
  class complaint;
  struct other_names {
    std::string placeholder; ///< "[DEMO|NAME|FILE]"
    std::vector<std::string> names;
  };

  std::variant<show_text, usage_error> explain(const std::vector<std::string>& arguments);

  const std::string version_;
  const std::unique_ptr<CLI::App> app_;
  std::map<const CLI::App*, const description*> described_;
  std::map<const CLI::App*, other_names> other_names_;
};

/// The same, with what each command gives when it was asked for: one of the alternatives of `Command`, among which are
/// `show_text` and `usage_error`.
template <class Command>
class commands final : public command_tree {
public:
  using command_tree::command_tree;

  /// `line.add_options(app)` says what it takes, `line.asked()` what was given; that throws a `usage_mistake`.
  template <class CommandLine>
  CLI::App& add_command(CLI::App& to, const description& what, CommandLine line) {
    CLI::App& added = add(to, what);
    const auto kept = std::make_shared<CommandLine>(std::move(line)); // CLI11 writes into it
    kept->add_options(added);
    readers_.emplace_back(&added, [kept] { return Command{kept->asked()}; });
    return added;
  }

  /// @param given  what the user has written, where that is not what is read
  Command read(const std::vector<std::string>& arguments, const std::vector<std::string>& given) {
    if (const auto text = parse(arguments, given))
      return std::visit([](const auto& each) { return Command{each}; }, *text);
    for (const auto& [at, read_it] : readers_) {
      if (!was_asked_for(*at))
        continue;
      try {
        return read_it();
      } catch (const usage_mistake& mistake) {
        return complain(mistake, *at, given);
      }
    }
    return complain({"a command is missing"}, top(), given);
  }

private:
  std::vector<std::pair<const CLI::App*, std::function<Command()>>> readers_;
};

/// `help` is understood by each tree.
extern const description show_help;

} // namespace troupe::tools
