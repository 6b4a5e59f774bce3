// libFuzzer drives the schedule: each byte of its input is a choice. What it has seen of the program's paths tells it
// which schedules are new.

#include <tests/scenarios/judged.hpp>
#include <tests/scenarios/standard_scenes.hpp>

#include <troupe/testing/last_words.hpp>
#include <troupe/testing/scenario_run.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

using namespace troupe;
using namespace troupe::tests;

namespace {

/// Takes its choices from bytes; what comes after them is what happens where nobody interferes.
class bytes_as_choices final : public search_strategy {
public:
  explicit bytes_as_choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::string_view name() const noexcept override { return "libFuzzer"; }
  void begin_run(std::uint64_t, std::size_t) override {}
  std::size_t pick(std::span<const choice> all) override { return next() % all.size(); }
  std::uint8_t next() {
    if (bytes_.empty())
      return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }

private:
  std::span<const std::uint8_t> bytes_;
};

std::string to_have_again(const scene_kind& kind, const detail::run_plan& plan) {
  return fmt::format("in the scene {}: TROUPE_REPLAY='{}={}' troupe_scorecard\n", kind.name, kind.name, plan.text());
}

/// For a run that takes the program with it.
class says_which_run final : public detail::last_speaker {
public:
  says_which_run(const scene_kind& kind, const detail::scenario_run& runs) : kind_(kind), runs_(runs) {}

  std::string last_words() const override { return to_have_again(kind_, runs_.under_way()); }

private:
  const scene_kind& kind_;
  const detail::scenario_run& runs_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bytes_as_choices choices{{data, size}};
  const scene_kind& kind = standard_scenes()[choices.next() % standard_scenes().size()];
  const std::uint8_t how = choices.next();
  detail::run_plan plan;
  plan.given.clock = (how & 1U) != 0 ? clock_mode::race : clock_mode::autojump;
  plan.given.operations = (how & 2U) != 0 ? 1 : 1 + how % 16;
  if ((how & 4U) != 0)
    plan.swept = swept_fault{static_cast<fault>(choices.next() % faults_count), choices.next()};
  plan.strategy = &choices;
  const scenario what = [&kind](simulation& sim) { return judged(sim, kind.make()); };
  detail::scenario_run runs{what, 100'000};
  const says_which_run who{kind, runs};
  const detail::run_result result = [&] {
    const detail::last_words around{who};
    return runs.run(plan);
  }();
  if (runs.found().good())
    return 0;
  plan.given = result.taken;
  for (const violation& each : runs.found().violations())
    fmt::print(stderr, "{}: {}\n", to_string(each.which), each.what);
  fmt::print(stderr, "{}", to_have_again(kind, plan));
  std::abort();
}
