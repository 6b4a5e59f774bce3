#include <troupe/scope/checkpoint.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <coroutine>
#include <mutex>
#include <stdexcept>

namespace troupe {

using detail::supervised_child;
using detail::supervised_child_pointer;

namespace {

std::string in_quotes(std::string_view name) { return "\"" + std::string(name) + "\""; }

/// Where the cancel that stops the supervisor reaches whoever asks as well, they are stopped, and not first told what it
/// has done to the supervisor: an error would win over the cancel.
task<> refuse_start(const supervised_child& child) {
  co_await checkpoint();
  throw start_failed("the child " + in_quotes(child.name()) + " was not started: its supervisor is stopping", nullptr);
}

} // namespace

child_status supervised::state() const noexcept { return child_->supervisor().state_of(*child_); }
child_spec supervised::spec() const noexcept { return child_->supervisor().spec_of(*child_); }
std::uint64_t supervised::incarnation() const noexcept { return child_->supervisor().incarnation_of(*child_); }
void supervised::cancel() const noexcept { child_->supervisor().cancel_run(*child_, false); }
void supervised::kill() const noexcept { child_->supervisor().cancel_run(*child_, true); }

/// Waits until a child is as somebody who asked for something wants it.
class supervisor::change_operation : supervised_child::waiter {
public:
  change_operation(supervised_child& child, bool (*condition)(const supervised_child&) noexcept) noexcept
      : waiter(condition), child_(child) {}
  ~change_operation() {
    const std::lock_guard held{child_.supervisor().lock_};
    child_.waiting_.remove(*this); // still in it only if we were stopped
  }

  void attach(fiber& self) noexcept { waiting = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) {
    if (waiting->stop_pending())
      return waiting->stop();
    const std::lock_guard held{child_.supervisor().lock_};
    if (holds(child_))
      return waiting->yield();
    if (!waiting->open_wait(fiber::wait_kind::plain, "change a child of", &child_.supervisor()))
      return waiting->stop();
    child_.waiting_.push(*this);
    waiting->park();
  }
  void await_resume() const noexcept {}

private:
  supervised_child& child_;
};

void supervisor::require_sensible(const child_spec& spec, std::string_view called) const {
  const supervisor_options options = core_->options();
  const auto refuse = [&](const std::string& why) {
    throw std::invalid_argument(std::string("supervisor::") + (called.empty() ? "start" : "reconfigure") +
                                ": the child " + in_quotes(called.empty() ? spec.name : called) + " " + why);
  };
  if (spec.significant && spec.restart == restart_type::permanent)
    refuse("is permanent, so it never ends by itself and cannot be significant: make it transient or temporary");
  if (spec.significant && options.stops == auto_shutdown::never)
    refuse("is significant, but its supervisor has auto_shutdown::never");
  if (spec.shutdown && *spec.shutdown < duration::zero())
    refuse("has a negative shutdown: zero kills at once");
  if (spec.abandon_after < duration::zero() || spec.start_timeout <= duration::zero())
    refuse("has a limit that has passed before it begins");
  if (options.strategy == restart_strategy::dynamic && !spec.name.empty())
    refuse("has a name, which children of a dynamic supervisor do not: keep the handle");
}

task<> supervisor::stop(std::string_view name) const { return stopped(core_, named(name)); }
task<> supervisor::stop(const supervised& child) const {
  if (&child.child_->supervisor() != &*core_)
    throw std::invalid_argument("supervisor::stop: the child " + in_quotes(child.name()) +
                                " is one of another supervisor");
  return stopped(core_, child.child_);
}
task<> supervisor::restart(std::string_view name) const { return restarted(core_, named(name)); }
task<> supervisor::remove(std::string_view name) const { return removed(core_, named(name)); }

task<supervised> supervisor::started(detail::supervisor_pointer core, supervised_child_pointer child) {
  co_await checkpoint();
  if (!core->add(*child))
    co_await refuse_start(*child);
  co_await start_answered(std::move(core), child);
  co_return supervised{std::move(child)};
}

task<> supervisor::restarted(detail::supervisor_pointer core, supervised_child_pointer child) {
  if (!core->ask(*child, supervised_child::news::asked_to_start))
    throw std::invalid_argument("supervisor::restart: the child " + in_quotes(child->name()) +
                                " is not down: stop it first");
  co_await start_answered(std::move(core), std::move(child));
}

task<> supervisor::start_answered(detail::supervisor_pointer core, supervised_child_pointer child) {
  const struct asking {
    supervised_child& whose;
    ~asking() {
      const std::lock_guard held{whose.supervisor().lock_};
      whose.start_awaited_ = false;
      if (whose.start_ != supervised_child::request::pending)
        whose.start_ = supervised_child::request::none; // read: another one may ask
    }
  } while_it_lasts{*child};
  co_await change_operation{
      *child, [](const supervised_child& it) noexcept { return it.start_ != supervised_child::request::pending; }};
  std::exception_ptr error;
  supervised_child::request how;
  {
    const std::lock_guard held{core->lock_};
    how = child->start_;
    error = std::exchange(child->start_error_, nullptr);
  }
  if (how == supervised_child::request::refused && error == nullptr)
    co_await refuse_start(*child);
  if (how == supervised_child::request::refused)
    std::rethrow_exception(error);
  if (how == supervised_child::request::failed && error == nullptr)
    co_await checkpoint(); // as in refuse_start
  if (how == supervised_child::request::failed)
    throw start_failed("the child " + in_quotes(child->name()) + " did not start" +
                           (error ? ": " + message_of(error) : ", but was stopped"),
                       error);
}

task<> supervisor::stopped(detail::supervisor_pointer core, supervised_child_pointer child) {
  if (core->ask(*child, supervised_child::news::asked_to_stop))
    co_await change_operation{*child, [](const supervised_child& it) noexcept {
                                return !it.listed_ || (it.state_ == child_status::down &&
                                                       !it.is_asked(supervised_child::news::asked_to_stop));
                              }};
}

task<> supervisor::removed(detail::supervisor_pointer core, supervised_child_pointer child) {
  const auto refuse = [&child] {
    throw std::invalid_argument("supervisor::remove: the child " + in_quotes(child->name()) +
                                " is not down: stop it first");
  };
  if (!core->ask(*child, supervised_child::news::asked_to_go))
    refuse();
  co_await change_operation{*child, [](const supervised_child& it) noexcept {
                              return !it.listed_ || !it.is_asked(supervised_child::news::asked_to_go);
                            }};
  const std::lock_guard held{core->lock_};
  if (child->listed_)
    refuse(); // it was started meanwhile
}

supervised_child_pointer supervisor::named(std::string_view name) const {
  supervised_child_pointer found = core_->find(name);
  if (!found)
    throw std::invalid_argument("supervisor: there is no child " + in_quotes(name));
  return found;
}

void supervisor::reconfigure(const supervisor_options& options) const {
  detail::supervisor_core::require_sensible(options);
  const bool is_dynamic = core_->options().strategy == restart_strategy::dynamic;
  if (is_dynamic != (options.strategy == restart_strategy::dynamic))
    throw std::invalid_argument(is_dynamic ? "supervisor::reconfigure: a dynamic supervisor stays one: its children "
                                             "have neither names nor an order"
                                           : "supervisor::reconfigure: a supervisor whose children have names and an "
                                             "order does not become dynamic");
  if (options.budget != core_->options().budget)
    throw std::invalid_argument(
        "supervisor::reconfigure: the budget of a tree stays as it is: supervisors below have it");
  core_->reconfigure(options);
}

void supervisor::reconfigure(std::string_view name, const child_spec& spec) const {
  const supervised_child_pointer child = named(name);
  require_sensible(spec, name);
  if (!spec.name.empty() && spec.name != name)
    throw std::invalid_argument("supervisor::reconfigure: the child " + in_quotes(name) +
                                " keeps its name, and was "
                                "given " +
                                in_quotes(spec.name));
  core_->reconfigure(*child, spec);
}

supervisor_options supervisor::options() const noexcept { return core_->options(); }

std::optional<supervised> supervisor::find(std::string_view name) const {
  supervised_child_pointer found = core_->find(name);
  if (!found)
    return std::nullopt;
  return supervised{std::move(found)};
}

std::vector<supervised> supervisor::children() const {
  std::vector<supervised> all;
  for (supervised_child_pointer& each : core_->children())
    all.push_back(supervised{std::move(each)});
  return all;
}

children_count supervisor::count() const noexcept { return core_->count(); }

} // namespace troupe
