// The program of the scorecard: searches the standard scenes for faults, and prints a line for each that it finds. What
// the lines mean: tests/scorecard.py.

#include <tests/run_apart.hpp>
#include <tests/scenarios/judged.hpp>
#include <tests/scenarios/standard_scenes.hpp>

#include <troupe/testing/explore.hpp>
#include <troupe/testing/scenario_run.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#endif
#endif

using namespace troupe;
using namespace troupe::tests;

namespace {

void print(std::string_view which, std::size_t schedules, const scene_kind& kind, const std::string& schedule) {
  fmt::print("violation: {} schedules={} replay={}={}\n", which, schedules, kind.name, schedule);
  std::fflush(stdout);
}

void print(const broken& found, const scene_kind& kind) {
  if (found.schedule().empty())
    return; // no run was wrong: there is nothing that this fault could strike
  std::fputs(found.what(), stderr);
  std::set<std::string> told;
  for (const violation& each : found.found())
    if (const std::string name = to_string(each.which); told.insert(name).second)
      print(name.substr(0, name.find(' ')), found.schedules(), kind, found.schedule());
}

/// What a run has allocated and nobody has any more; false as well where the program is not built for it.
bool anything_has_leaked() {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  return __lsan_do_recoverable_leak_check() != 0;
#endif
#endif
  return false;
}

void again(const scene_kind& kind, const std::string& schedule) {
  try {
    replay(schedule, [&](simulation& sim) { return judged(sim, kind.make()); });
  } catch (const broken& found) {
    print(found, kind);
  }
  if (anything_has_leaked())
    print("INV-23", 1, kind, schedule);
}

/// All that is tried on one scene. What one search has found does not keep the next from searching.
void search(const scene_kind& kind) {
  const scenario what = [&](simulation& sim) { return judged(sim, kind.make()); };
  again(kind, detail::run_plan{}.text()); // alone: of many runs nobody knows which one has leaked
  try {
    explore({}, what);
  } catch (const broken& found) {
    print(found, kind);
  }
  for (std::size_t i = 0; i < faults_count; ++i)
    try {
      sweep(static_cast<fault>(i), what);
    } catch (const broken& found) {
      print(found, kind);
    }
}

/// Runs it in a process of its own, which it may take with it: then its last words say which run that was. False: they
/// do not, so not all was searched.
template <class Function>
bool apart(const scene_kind& kind, Function function) {
  const ended_process ended = run_apart(std::move(function));
  std::fputs(ended.words.c_str(), stderr);
  const bool is_well = WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 0;
  if (is_well)
    return true;
  const std::string schedule = schedule_in(ended.words);
  if (schedule.empty())
    return false;
  print("INV-23", 1, kind, schedule);
  return true;
}

} // namespace

int main() {
  const char* const wanted = std::getenv("TROUPE_REPLAY");
  const std::string text = wanted != nullptr ? wanted : "";
  unsetenv("TROUPE_REPLAY"); // it names a scene as well
  const std::size_t sign = text.find('=');
  bool all = true;
  for (const scene_kind& kind : standard_scenes())
    if (text.empty())
      all = apart(kind, [&] { search(kind); }) && all;
    else if (kind.name == std::string_view(text).substr(0, sign))
      all = apart(kind, [&] { again(kind, text.substr(sign + 1)); }) && all;
  return all ? 0 : 1;
}
