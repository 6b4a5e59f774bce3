// A plain CAF actor as the child of a supervisor. Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <troupe/runtime/caf_ref.hpp>
#include <troupe/runtime/caf_run.hpp>
#include <troupe/runtime/caf_watched.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/infer_handle.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

/// A run, for the fiber whose run of the child it is. Where that leaves early, by an exception, the actor is killed.
class caf_run_owner {
public:
  explicit caf_run_owner(caf_life_pointer life, caf::actor_system& system)
      : life_(std::move(life)), run_(caf_run::make(system)) {}
  caf_run_owner(caf_run_owner&&) noexcept = default;
  caf_run_owner& operator=(caf_run_owner&&) = delete;
  ~caf_run_owner();

  const caf_run_pointer& run() const noexcept { return run_; }
  /// It is the one to send to from now on.
  void publish(caf::strong_actor_ptr actor);
  void withdraw() { life_->reset(*run_); }

private:
  caf_life_pointer life_; // both null where it was moved from
  caf_run_pointer run_;
};

/// Serves as the child until the actor has ended.
task<> live_as_caf_actor(startup up, caf_run_owner mine);

/// What the child is made of, beside the function or the arguments.
struct caf_child_maker {
  caf_life_pointer life;
  caf::actor_system* system;

  template <class Spawn>
  task<> run(startup up, const Spawn& spawn) const {
    caf_run_owner mine{life, *system};
    mine.publish(caf::actor_cast<caf::strong_actor_ptr>(spawn(mine.run())));
    return live_as_caf_actor(std::move(up), std::move(mine));
  }
};

struct caf_function_child : caf_child_maker {
  template <class Function, class... Args>
  task<> operator()(startup up, Function function, Args... args) const {
    using actor = caf_watched_function<typename caf::infer_handle_from_fun<Function>::impl>;
    return run(std::move(up), [&](const caf_run_pointer& mine) {
      return system->spawn<actor>(mine, caf_init_function(std::move(function), std::move(args)...));
    });
  }
};

template <class Class>
struct caf_class_child : caf_child_maker {
  template <class... Args>
  task<> operator()(startup up, Args... args) const {
    return run(std::move(up), [&](const caf_run_pointer& mine) {
      return system->spawn<caf_watched<Class>>(mine, std::move(args)...);
    });
  }
};

template <class Handle>
task<caf_ref<Handle>> caf_ref_of_started(caf_life_pointer life, task<supervised> start) {
  supervised child = co_await std::move(start);
  co_return caf_ref<Handle>{std::move(life), std::move(child)};
}

} // namespace detail

/// Starts a CAF actor as a child, made by `function` as `system.spawn(function, args...)` makes it, and gives its
/// address, which follows it over restarts. `start_caf_child<Class>(top, spec, system, args...)` does so with a class.
///
/// *Start.* It has started when its function, or `make_behavior`, has returned. What that throws, or the constructor,
/// or with what it quits there, is why it did not. Each run spawns another actor, from fresh copies of the arguments.
///
/// *End.* A normal exit is one of the child. `exit_reason::user_shutdown` from somewhere else is a cancel of its run.
/// Any other reason is a failure: what the actor has thrown, as it was thrown, or `caf_failure`. An exception handler
/// of the actor's own is called as ever, and what it says is the exit reason.
///
/// *Stop.* It is sent `exit_reason::user_shutdown`, within its `shutdown`; a handler of its own may take that time. Then
/// it is killed, which no handler keeps off, but for one that runs and does not return: that one is abandoned. All are
/// of high priority, so what is queued does not hold them up. A blocking actor has to receive `exit_msg` by itself, or
/// is always abandoned.
///
/// @param system  `runtime::actor_system()`, or another one that outlives the supervisor
/// @suspends @cancel @throws as `supervisor::start`
template <class Function, class... Args>
requires(!std::derived_from<Function, caf::abstract_actor>) auto start_caf_child(const supervisor& top,
                                                                                 const child_spec& spec,
                                                                                 caf::actor_system& system,
                                                                                 Function&& function, Args&&... args) {
  using handle = caf::infer_handle_from_fun_t<std::decay_t<Function>>;
  auto life = detail::caf_life_pointer::owning(new detail::caf_child_life);
  detail::caf_function_child child{{life, &system}};
  return detail::caf_ref_of_started<handle>(
      std::move(life),
      top.start(spec, std::move(child), std::forward<Function>(function), std::forward<Args>(args)...));
}
template <std::derived_from<caf::abstract_actor> Class, class... Args>
auto start_caf_child(const supervisor& top, const child_spec& spec, caf::actor_system& system, Args&&... args) {
  using handle = caf::infer_handle_from_class_t<Class>;
  auto life = detail::caf_life_pointer::owning(new detail::caf_child_life);
  detail::caf_class_child<Class> child{{life, &system}};
  return detail::caf_ref_of_started<handle>(std::move(life),
                                            top.start(spec, std::move(child), std::forward<Args>(args)...));
}

} // namespace troupe
