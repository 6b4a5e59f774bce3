#include <troupe/program/number_option.hpp>
#include <troupe/program/topology_command_line.hpp>
#include <troupe/program/usage.hpp>
#include <troupe/testing/faults.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

namespace troupe::tools {

namespace {

CLI::Option* add_which(CLI::App& to, std::string& which, bool has_names) {
  return to
      .add_option(has_names ? "NAME|FILE" : "FILE", which,
                  has_names ? "a topology file, or the name of a built-in one" : "a topology file")
      ->required()
      ->type_name("");
}

/// @throws usage_mistake
void require_armable(const std::string& word) {
  if (std::find(armable_faults.begin(), armable_faults.end(), word) != armable_faults.end())
    return;
  usage_mistake wrong = unknown_value("--faults", "fault", word, armable_faults);
  for (std::size_t i = 0; i < faults_count; ++i)
    if (to_string(static_cast<fault>(i)) == word)
      wrong = {fmt::format("`{}` is a fault for tests in code, not for topologies", word),
               fmt::format("one of: {}", fmt::join(armable_faults, ", "))};
  throw wrong;
}

} // namespace

void check_command_line::add_options(CLI::App& to) {
  to.add_option(has_names_ ? "NAME|FILE" : "FILE", read_.files,
                has_names_ ? "topology files, or names of built-in ones" : "topology files")
      ->required()
      ->type_name("...");
  to.add_flag("--json", read_.as_json, "print the findings and facts as JSON");
}

void topology_command_line::add_options(CLI::App& to) {
  add_which(to, read_.which, has_names_);
  observe_.add_options(to);
  to.add_flag("--plain", read_.plain, "lines instead of a tree that is redrawn on a terminal");
  to.add_flag("--json", read_.as_json, "print the report as JSON");
}

run_topology topology_command_line::asked() const {
  run_topology asked = read_;
  asked.observe = observe_.asked();
  return asked;
}

void explore_command_line::add_options(CLI::App& to) {
  add_which(to, read_.which, has_names_);
  add_number(to, "--seeds", read_.schedules, 1, 100'000'000, "schedules to try, 1 to 100000000 [1000]");
  faults_ =
      to.add_option("--faults", fault_list_, "faults that may strike at any moment, as a,b [none]")->type_name("LIST");
  replay_ = to.add_option("--replay", read_.replay, "run this schedule alone, and tell what happens in it")
                ->type_name("SCHEDULE");
  to.add_flag("--json", read_.as_json, "print what was tried as JSON");
}

explore_topology explore_command_line::asked() const {
  explore_topology asked = read_;
  if (faults_->count() != 0) {
    std::istringstream words{fault_list_ + ','}; // else an empty word at the end would go unseen
    for (std::string each; std::getline(words, each, ',');) {
      require_armable(each);
      if (std::find(asked.faults.begin(), asked.faults.end(), each) != asked.faults.end())
        throw usage_mistake{fmt::format("--faults names `{}` twice", each), "it strikes several times in any case"};
      asked.faults.push_back(each);
    }
  }
  if (replay_->count() != 0 && asked.replay.empty())
    throw usage_mistake{"--replay has no schedule", "the text that a failure has printed, in quotes"};
  return asked;
}

void graph_command_line::add_options(CLI::App& to) {
  add_which(to, read_.which, has_names_);
  to.add_option("--as", read_.form, "mermaid, dot, or svg (by graphviz) [mermaid]")->type_name("FORM");
  to.add_option("--output", read_.output, "file to write, - for standard output [-]")->type_name("FILE");
}

const draw_topology& graph_command_line::asked() const {
  if (std::find(picture_forms.begin(), picture_forms.end(), read_.form) == picture_forms.end())
    throw unknown_value("--as", "form", read_.form, picture_forms);
  return read_;
}

void kinds_command_line::add_options(CLI::App& to) { to.add_flag("--json", read_.as_json, "print them as JSON"); }

} // namespace troupe::tools
