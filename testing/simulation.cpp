#include <troupe/scope/offload.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/testing/path_names.hpp>
#include <troupe/testing/simulation.hpp>

#include <algorithm>

namespace troupe {

void simulation::require(bool holds, std::string_view otherwise) {
  verdict_.looked(invariant::own);
  if (!holds)
    verdict_.violated(invariant::own, std::string(otherwise));
}

void simulation::violated(invariant which, std::string_view what) { verdict_.violated(which, std::string(what)); }

void simulation::always(std::string_view what, std::function<bool()> holds) {
  always_.push_back({std::string(what), std::move(holds)});
}

void simulation::at_end(std::string_view what, std::function<bool()> holds) {
  finally_.push_back({std::string(what), std::move(holds)});
}

void simulation::at_end(std::function<std::string()> problems) { problems_.push_back(std::move(problems)); }

void simulation::sometimes(std::string_view what, bool happened) {
  const auto known = sometimes_.find(what);
  if (known == sometimes_.end())
    sometimes_.emplace(std::string(what), happened);
  else
    known->second = known->second || happened;
}

void simulation::arm(armed_fault what) {
  aims_.try_emplace(what.text(), aim{what.is_aimed(), false});
  armed_.push_back(std::move(what));
}

task<> simulation::advance(duration by) {
  co_await offload([this, by] { simulator_->advance(by); });
}

std::uint64_t simulation::restarts(std::string_view path) const {
  return static_cast<std::uint64_t>(
      std::count_if(trace_.tree().begin(), trace_.tree().end(), [&](const tree_record& each) {
        return each.kind == tree_event_kind::restarting && detail::is_named(path, each.path);
      }));
}

} // namespace troupe
