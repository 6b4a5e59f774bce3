// An actor: a child of a task group with an inbox, and an address that others keep.

#pragma once

#include <troupe/actors/actor_ref.hpp>
#include <troupe/mailbox/mailbox.hpp>
#include <troupe/mailbox/mailbox_hold.hpp>
#include <troupe/scope/task_group.hpp>

#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace troupe {

/// How `task_group::start_actor` makes an actor and its mailbox.
struct actor_options {
  std::string_view name = {};           ///< As in `child_options`.
  std::size_t capacity = 100;           ///< Of its mailbox.
  overflow on_full = overflow::suspend; ///< What telling and asking do when it is full.
  duration max_age = duration::max(); ///< Of a message in its mailbox: older ones are dropped, and asks told `expired`.
  ask_limits limits = {};             ///< Of its asks.
};

/// What `start_actor` calls with each message that the actor does not handle: `call(Message&&, drop_reason)`. It
/// neither waits nor throws; an ask that it does not answer, or keep, is told why it was dropped.
///
/// @thread that which drops the message: its sender's, or that of the actor's end
template <class Call>
struct on_undelivered {
  Call call;
};
template <class Call>
on_undelivered(Call) -> on_undelivered<Call>;

namespace detail {

/// `Message` of the first parameter of an actor's function, `inbox<Message>`; void for what is no such function.
template <class Function>
struct message_of_actor {
  using type = void;
};
template <class Function>
requires requires { &Function::operator(); }
struct message_of_actor<Function> : message_of_actor<decltype(&Function::operator())> {};
template <class Result, class Message, class... Args>
struct message_of_actor<Result (*)(inbox<Message>, Args...)> {
  using type = Message;
};
template <class Result, class Object, class Message, class... Args>
struct message_of_actor<Result (Object::*)(inbox<Message>, Args...)> {
  using type = Message;
};
template <class Result, class Object, class Message, class... Args>
struct message_of_actor<Result (Object::*)(inbox<Message>, Args...) const> {
  using type = Message;
};

/// What the fiber of an actor calls.
struct begin_actor {
  template <class Function, class Inbox, class... Args>
  requires std::is_invocable_v<Function&, Inbox, Args...> task<>
  operator()(living life, Function&& function, Inbox&& in, Args&&... args) const {
    static_assert(std::is_same_v<std::invoke_result_t<Function&, Inbox, Args...>, task<>>,
                  "an actor's function is a coroutine with result task<>: what it finds out goes into its answers");
    detail::mailbox_hold read{in}; // before it is moved from
    return live(std::move(life), std::move(read), std::invoke(function, std::move(in), std::forward<Args>(args)...));
  }
};

/// What the mailbox of an actor calls with what is lost.
template <class Message, class Call>
auto undelivered(Call call) {
  return [call = std::move(call)](Message&& dropped, drop_reason why) mutable {
    if (why == drop_reason::restarting)
      return dropped.hand_back();
    dropped.taken(); // it may be kept and answered there
    call(std::move(dropped), why);
    dropped.tell_dropped(why);
  };
}

struct nobody_told {
  template <class Message>
  void operator()(Message&&, drop_reason) const noexcept {}
};

} // namespace detail

template <class Call, class Function, class... Args>
auto task_group::start_actor(const actor_options& options, on_undelivered<Call> lost, Function&& function,
                             Args&&... args) {
  using message_type = typename detail::message_of_actor<std::decay_t<Function>>::type;
  static_assert(!std::is_void_v<message_type>,
                "an actor's function takes an inbox<message<...>> by value as its first parameter, and is no template");
  const mailbox<message_type> box{troupe::capacity{options.capacity}, options.on_full,
                                  detail::undelivered<message_type>(std::move(lost.call)), options.max_age};
  actor_ref<message_type> address{box.sender(),
                                  detail::actor_life_pointer::owning(new detail::actor_life{options.limits})};
  start({.name = options.name}, detail::begin_actor{}, detail::living{address.life_}, std::forward<Function>(function),
        box.serving_inbox(), std::forward<Args>(args)...);
  return address;
}
template <class Function, class... Args>
auto task_group::start_actor(const actor_options& options, Function&& function, Args&&... args) {
  return start_actor(options, on_undelivered{detail::nobody_told{}}, std::forward<Function>(function),
                     std::forward<Args>(args)...);
}

} // namespace troupe
