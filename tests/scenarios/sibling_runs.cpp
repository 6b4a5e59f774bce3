#include <tests/scenarios/sibling_runs.hpp>

#include <troupe/scope/fiber.hpp>

namespace troupe::tests {

namespace {

/// A clock that races can make an abandoned one of any child.
bool may_run_on() { return this_fiber::pointer()->runs_on().abandoned_fibers() != 0; }

} // namespace

sibling_runs::run::run(sibling_runs& of, std::size_t index, std::size_t dependent_end) : of_(of), index_(index) {
  entry& mine = of.entries_[index];
  for (std::size_t i = index; i < dependent_end; ++i) {
    const entry& other = of.entries_[i];
    if (other.alive != 0 && (i == index || !other.is_newcomer) && !may_run_on())
      of.wrong_ += std::to_string(index) + " began while " + std::to_string(i) + " still ran\n";
  }
  ++mine.alive;
  ++mine.begun;
  mine.is_newcomer = ++mine.begun_here == 1 && of.any_has_ended_;
}
sibling_runs::run::~run() {
  --of_.entries_[index_].alive;
  of_.any_has_ended_ = true;
}

void sibling_runs::supervisor_begins() {
  for (entry& each : entries_)
    each.begun_here = 0;
  any_has_ended_ = false;
}

std::string sibling_runs::problems(std::string_view what) const {
  std::string text = wrong_.empty() ? "" : std::string(what) + ": " + wrong_;
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].alive != 0)
      text += std::string(what) + ": " + std::to_string(i) + " still runs\n";
  return text;
}

} // namespace troupe::tests
