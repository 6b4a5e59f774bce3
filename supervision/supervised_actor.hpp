// An actor as the child of a supervisor: started anew in its place, with its address and its mailbox.

#pragma once

#include <troupe/actors/actor.hpp>
#include <troupe/mailbox/lasting_inbox.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace troupe {

/// How a supervisor makes an actor and its mailbox, and how it treats it: an `actor_options` and a `child_spec` in one.
struct actor_spec {
  std::string_view name = {}; ///< As in `child_spec`.
  std::size_t capacity = 100; ///< As in `actor_options`, and so on.
  overflow on_full = overflow::suspend;
  duration max_age = duration::max();
  ask_limits limits = {};
  restart_type restart = restart_type::permanent; ///< As in `child_spec`, and so on.
  std::optional<duration> shutdown = std::nullopt;
  duration abandon_after = std::chrono::seconds{1};
  duration start_timeout = std::chrono::seconds{30};
  bool significant = false;
  /// How often a message that a run fails with is given to the next one, before what is queued; after that it is lost as
  /// `crashed`. It is given as its handler has left it, so that must not move from it before it has done its work. An
  /// ask is not begun again: its asker has been told the failure, and may `retry`. Nor is what a batch
  /// lets go of that was not taken out of it by `next()`. At most 65,534.
  std::uint16_t redeliveries_max = 0;
  /// When it is stopped for good it first handles what it was sent until then, within its `shutdown`.
  bool drains = false;

  child_spec as_child() const noexcept { return {name, restart, shutdown, abandon_after, start_timeout, significant}; }
};

namespace detail {

/// Its mailbox outlives its runs. What is queued when a run ends stays, in its order; an ask among it is told
/// `restarting`, because its asker cannot know how long that takes. When it ends for good all of it is lost, to
/// `on_undelivered`.
template <class Message, class Lost, class Function, class... Args>
class supervised_actor final : public supervised_child {
public:
  template <class F, class... A>
  supervised_actor(supervisor_core& of, const actor_spec& spec, Lost lost, F&& function, A&&... args)
      : supervised_child(of, spec.as_child()), drains_(spec.drains),
        life_(actor_life_pointer::owning(new actor_life{spec.limits})),
        box_(troupe::capacity{spec.capacity}, spec.on_full, undelivered<Message>(std::move(lost)), spec.max_age),
        in_(box_), call_(std::in_place, std::forward<F>(function), std::forward<A>(args)...) {
    says_when_started_ = takes_startup;
    if (spec.redeliveries_max != 0)
      in_.give_again_at_most(spec.redeliveries_max);
  }

  actor_ref<Message> address() const { return actor_ref<Message>{to_, life_}; }

private:
  static constexpr bool takes_startup = std::is_invocable_v<Function&, inbox<Message>, startup, Args&&...>;

  task<> begin_run() override {
    if (std::exchange(has_run_, true) && !std::exchange(is_prepared_, false))
      give_back_asks();
    life_->begin(this_fiber::pointer()->innermost_scope());
    if constexpr (takes_startup) {
      return call_.begin(in_.lend(), startup_of_this_run());
    } else {
      static_assert(std::is_invocable_v<Function&, inbox<Message>, Args&&...>,
                    "an actor's function is called with its inbox, a `startup` if it takes one, and copies of the "
                    "arguments that it was started with");
      return call_.begin(in_.lend());
    }
  }
  void end_run(const outcome<>& how) noexcept override {
    life_->end(how);
    call_.end();
  }
  void prepare_restart() noexcept override {
    is_prepared_ = true;
    give_back_asks();
  }
  void retire() noexcept override {
    in_.close_and_drop();
    life_->tell_down();
  }
  void revive() noexcept override {
    life_->revive();
    in_.reopen();
  }
  void let_go() noexcept override { call_.let_go(); }
  void refuse_all() noexcept override { in_.close(); }
  void be_abandoned() noexcept override {
    in_.close();
    life_->tell_abandoned();
  }
  bool is_over() const noexcept override { return in_.closed() || life_->is_stopped(); }
  bool drains() const noexcept override { return drains_; }
  const mailbox_core* reads() const noexcept override { return &in_.core(); }

  void give_back_asks() const noexcept {
    in_.drop_if([](Message& queued) { return queued.is_asked(); }, drop_reason::restarting);
  }

  const bool drains_;
  bool has_run_ = false; // all of the fiber that runs it
  bool is_prepared_ = false;
  const actor_life_pointer life_;
  const mailbox<Message> box_;
  const sender<Message> to_ = box_.sender(); // it is not closed because nobody has its address
  const lasting_inbox<Message> in_;
  repeated_call<Function, Args...> call_;
};

} // namespace detail

template <class Call, class Function, class... Args>
auto supervisor::start_actor(const actor_spec& spec, on_undelivered<Call> lost, Function&& function,
                             Args&&... args) const {
  using message_type = typename detail::message_of_actor<std::decay_t<Function>>::type;
  static_assert(!std::is_void_v<message_type>,
                "an actor's function takes an inbox<message<...>> by value as its first parameter, and is no template");
  using made = detail::supervised_actor<message_type, Call, std::decay_t<Function>, std::decay_t<Args>...>;
  require_sensible(spec.as_child());
  auto* const actor =
      new made{*core_, spec, std::move(lost.call), std::forward<Function>(function), std::forward<Args>(args)...};
  auto child = detail::supervised_child_pointer::owning(actor);
  return address_of_started(core_, std::move(child), actor->address());
}
template <class Function, class... Args>
auto supervisor::start_actor(const actor_spec& spec, Function&& function, Args&&... args) const {
  return start_actor(spec, on_undelivered{detail::nobody_told{}}, std::forward<Function>(function),
                     std::forward<Args>(args)...);
}

} // namespace troupe
