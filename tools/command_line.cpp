#include <troupe/tools/command_line.hpp>
#include <troupe/tools/completion.hpp>
#include <troupe/tools/descriptions.hpp>
#include <troupe/tools/human_text.hpp>
#include <troupe/tools/ledger_options.hpp>
#include <troupe/tools/listing.hpp>
#include <troupe/tools/new_command_line.hpp>
#include <troupe/tools/number_option.hpp>
#include <troupe/tools/text_table.hpp>
#include <troupe/tools/top.hpp>
#include <troupe/tools/topology_command_line.hpp>
#include <troupe/tools/tree_demo_options.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

namespace troupe::tools {

namespace {

constexpr const char* input_default = "/var/lib/dpkg/status";
constexpr std::uint64_t workers_max = 1'024;
constexpr std::uint64_t capacity_max = 1'000'000;
constexpr std::uint64_t items_max = 1'000'000'000;

/// The program's commands, and where their options go.
struct parser {
  CLI::App app{"", program.name};
  CLI::App* run = nullptr;
  CLI::App* ingest = nullptr;
  CLI::App* pipeline = nullptr;
  run_ingest ingest_command{input_default, {}};
  run_pipeline pipeline_command{};
  std::uint64_t fail_at = 0;
  CLI::App* ledger = nullptr;
  ledger_command_line ledger_command;
  CLI::App* completion = nullptr;
  std::string shell;
  CLI::App* list = nullptr;
  bool list_as_json = false;

  parser() {
    described_[&app] = &program;
    app.set_help_flag("-h,--help", "show this help");
    app.set_version_flag("--version", "", "show the version");
    run = add(app, run_demo);
    run->require_subcommand(0, 1);
    add_ingest();
    add_pipeline();
    ledger = add(*run, ledger_demo);
    ledger_command.add_options(*ledger);
    add<pool_command_line>(*run, pool_demo);
    add<storm_command_line>(*run, storm_demo);
    add<load_command_line>(app, load_service);
    add<topology_command_line>(*run, topology_run);
    add<check_command_line>(app, check_files);
    add<explore_command_line>(app, explore_schedules);
    add<graph_command_line>(app, draw_graph);
    add<top_command_line>(app, watch_tree);
    add<new_command_line>(app, make_project);
    add(app, run_benchmarks);
    add(app, run_tests);
    completion = add(app, complete_words);
    completion->add_option("SHELL", shell, "bash, zsh or fish")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember(completed_shells));
    list = add(app, list_demos);
    list->add_flag("--json", list_as_json, "print them as JSON");
    add(app, show_help);
  }

  std::string help(const CLI::App& about) const;
  /// What was asked for, where that was one of the commands that read it by themselves.
  std::optional<command> asked() const {
    for (const auto& [at, read] : readers_)
      if (at->parsed())
        return read();
    return std::nullopt;
  }

private:
  CLI::App* add(CLI::App& to, const description& what) {
    CLI::App* const added = to.add_subcommand(what.name, what.summary);
    described_[added] = &what;
    return added;
  }

  template <class CommandLine>
  void add(CLI::App& to, const description& what) {
    CLI::App* const added = add(to, what);
    auto line = std::make_shared<CommandLine>(); // CLI11 writes into it
    line->add_options(*added);
    readers_.emplace_back(added, [line = std::move(line)] { return command{line->asked()}; });
  }

  void add_ingest() {
    ingest = add(*run, ingest_demo);
    ingest
        ->add_option("--input", ingest_command.input,
                     fmt::format("file to read, - for standard input [{}]", input_default))
        ->type_name("FILE");
    ingest_options& to = ingest_command.options;
    add_number(*ingest, "--workers", to.parsers, 1, workers_max, "parsers, 1 to 1024 [8]");
    add_number(*ingest, "--capacity", to.capacity, 1, capacity_max, "of each of the two mailboxes, 1 to 1000000 [100]");
  }

  void add_pipeline() {
    pipeline = add(*run, pipeline_demo);
    pipeline_options& to = pipeline_command.options;
    add_number(*pipeline, "--items", to.items, 1, items_max, "items to send, 1 to 1000000000 [10000]");
    add_number(*pipeline, "--workers", to.consumers, 1, workers_max, "consumers, 1 to 1024 [8]");
    add_number(*pipeline, "--capacity", to.capacity, 1, capacity_max, "of the mailbox, 1 to 1000000 [100]");
    add_number(*pipeline, "--fail-at", fail_at, 1, items_max, "number of the item whose consumer throws [none]");
  }

  std::map<const CLI::App*, const description*> described_;
  std::vector<std::pair<const CLI::App*, std::function<command()>>> readers_;
};

std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : path_of(*app.get_parent()) + ' ' + app.get_name();
}

std::string parser::help(const CLI::App& about) const {
  const description& what = *described_.at(&about);
  const auto commands = about.get_subcommands([](const CLI::App*) { return true; });
  std::string word = &about == run ? "[DEMO|NAME|FILE] " : &about == &app ? "COMMAND " : "";
  for (const CLI::Option* const each : about.get_options())
    if (each->get_positional())
      word += each->get_name(true, false) + ' ';
  std::string text = fmt::format("{}\n\nUsage: {} {}[OPTIONS]\n", what.about, path_of(about), word);

  text_table table{{{""}, {""}}};
  for (const CLI::App* const each : commands)
    table.add({"  " + each->get_name(), described_.at(each)->summary});
  if (!commands.empty())
    text += fmt::format("\n{}:\n{}", &about == run ? "Demos" : "Commands", table.text());

  text_table options{{{""}, {""}}};
  for (const CLI::Option* const each : about.get_options()) {
    const std::string type = each->get_type_name();
    options.add({"  " + each->get_name(false, true) + (type.empty() ? "" : ' ' + type), each->get_description()});
  }
  text += "\nOptions:\n" + options.text();
  return text + (*what.notes == '\0' ? "" : "\n") + what.notes;
}

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const each : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(each->get_name());
  return names;
}

/// Makes the errors about one command line.
class complaint {
public:
  complaint(const std::vector<std::string>& arguments, const CLI::App& where) : arguments_(arguments), where_(where) {}

  usage_error operator()(const std::string& what, const std::string& hint = {}) const {
    std::string line = "troupe";
    for (const std::string& each : arguments_)
      line += ' ' + (each.empty() ? "''" : printable(each));
    return {fmt::format("troupe: error: {}\n  in:   {}\n{}  help: {} --help\n", what, line,
                        hint.empty() ? "" : "  try:  " + hint + '\n', path_of(where_))};
  }

  usage_error unknown_word(const std::string& word) const {
    std::vector<std::string> known = names_of(where_);
    if (where_.get_name() == run_demo.name)
      for (const std::string& each : names_of_topologies())
        known.push_back(each);
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
  const std::vector<std::string>& arguments_;
  const CLI::App& where_;
};

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

command explain(parser& known, const std::vector<std::string>& arguments) {
  const std::vector<std::string> topic{arguments.begin() + 1, arguments.end()};
  std::size_t words = 0;
  const CLI::App& about = innermost(known.app, topic, words);
  if (words < topic.size())
    return complaint{arguments, about}.unknown_word(topic[words]);
  return show_text{known.help(about)};
}

} // namespace

std::string closest(const std::string& word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const std::string& candidate : known) {
    // Edit distance, one row at a time.
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < word.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i + 1);
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const std::size_t replaced = diagonal + (word[i] == candidate[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best = candidate;
      best_distance = row.back();
    }
  }
  return best;
}

command read_command_line(const std::vector<std::string>& given) {
  parser known;
  std::vector<std::string> arguments = given;
  if (arguments.empty())
    return show_text{known.help(known.app)};
  if (arguments[0] == show_help.name)
    return explain(known, arguments);
  // Options right after `run` are the default demo's.
  if (arguments[0] == run_demo.name &&
      (arguments.size() == 1 || (arguments[1].starts_with('-') && arguments[1] != "-h" && arguments[1] != "--help")))
    arguments.insert(arguments.begin() + 1, ingest_demo.name);
  if (arguments.size() > 1 && arguments[0] == run_demo.name && names_topology(arguments[1]))
    arguments.insert(arguments.begin() + 1, topology_run.name);
  const bool wants_help = arguments.size() > 1 && (arguments[1] == "-h" || arguments[1] == "--help");
  if (arguments[0] == run_benchmarks.name && !wants_help)
    return run_program{"bench/troupe_bench", {arguments.begin() + 1, arguments.end()}};

  std::size_t words = 0;
  const CLI::App& asked = innermost(known.app, arguments, words);
  const complaint wrong{given, asked};
  if (words < arguments.size() && !arguments[words].starts_with('-') && !takes_words(asked))
    return wrong.unknown_word(arguments[words]);
  try {
    known.app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()}); // CLI11 takes the last one first
  } catch (const CLI::CallForHelp&) {
    return show_text{known.help(asked)};
  } catch (const CLI::CallForVersion&) {
    return show_text{"troupe " TROUPE_VERSION "\n"};
  } catch (const CLI::ExtrasError&) {
    const std::vector<std::string> extra = known.app.remaining(true);
    const std::string first = extra.empty() ? arguments.back() : extra.front();
    if (first.starts_with("-") && first.size() > 1)
      return wrong.unknown_option(first);
    return wrong(fmt::format("unexpected argument `{}`", printable(first)));
  } catch (const CLI::ArgumentMismatch& error) {
    return wrong(fmt::format("an option is given twice, or without its value ({})", error.what()));
  } catch (const CLI::ParseError& error) {
    return wrong(error.what());
  }

  if (known.ingest->parsed()) {
    if (known.ingest_command.input.empty())
      return wrong("--input: the name of a file is missing");
    return known.ingest_command;
  }
  if (known.ledger->parsed()) {
    if (const std::optional<usage_mistake> mistake = known.ledger_command.mistake())
      return complaint{arguments, *known.ledger}(mistake->what, mistake->hint);
    return known.ledger_command.asked();
  }
  if (known.pipeline->parsed()) {
    pipeline_options& options = known.pipeline_command.options;
    if (known.fail_at > options.items)
      return wrong(fmt::format("--fail-at: there is no item {}, only {}", known.fail_at, options.items));
    if (known.fail_at != 0)
      options.fail_at = known.fail_at;
    return known.pipeline_command;
  }
  if (const std::optional<command> asked_for = known.asked())
    return *asked_for;
  if (known.completion->parsed())
    return show_text{completion_for(known.shell, known.app, names_of_topologies())};
  if (known.list->parsed())
    return show_text{list_of_demos(known.list_as_json)};
  return wrong("troupe's tests run in its sources", "./troupe test; or ./NAME test in a project of `troupe new`");
}

} // namespace troupe::tools
