#include <troupe/supervision/supervisor.hpp>

#include <stdexcept>

namespace troupe {

using detail::supervised_child_pointer;
using detail::supervisor_core;

child_status supervised::state() const noexcept { return child_->supervisor().state_of(*child_); }
std::uint64_t supervised::incarnation() const noexcept { return child_->supervisor().incarnation_of(*child_); }
void supervised::cancel() const noexcept { child_->supervisor().cancel_run(*child_, false); }
void supervised::kill() const noexcept { child_->supervisor().cancel_run(*child_, true); }

task<supervised> supervisor::started(detail::supervisor_pointer core, supervised_child_pointer child) {
  co_await supervisor_core::started(std::move(core), child);
  co_return supervised{std::move(child)};
}

task<> supervisor::stop(std::string_view name) const { return supervisor_core::stopped(core_, core_->named(name)); }
task<> supervisor::restart(std::string_view name) const {
  return supervisor_core::restarted(core_, core_->named(name));
}
task<> supervisor::remove(std::string_view name) const { return supervisor_core::removed(core_, core_->named(name)); }

std::vector<supervised> supervisor::children() const {
  std::vector<supervised> all;
  for (supervised_child_pointer& each : core_->children())
    all.push_back(supervised{std::move(each)});
  return all;
}

std::optional<supervised> supervisor::find(std::string_view name) const {
  supervised_child_pointer found = core_->find(name);
  if (!found)
    return std::nullopt;
  return supervised{std::move(found)};
}

children_count supervisor::count() const noexcept { return core_->count(); }

} // namespace troupe
