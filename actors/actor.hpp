// An actor: a child of a task group with an inbox, and an address that others keep.

#pragma once

#include <troupe/actors/actor_ref.hpp>
#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/task_group.hpp>

#include <string_view>
#include <type_traits>

namespace troupe {

/// How `task_group::start_actor` makes an actor and its mailbox.
struct actor_options {
  std::string_view name = {};           ///< As in `child_options`.
  std::size_t capacity = 100;           ///< Of its mailbox.
  overflow on_full = overflow::suspend; ///< What telling and asking do when it is full.
};

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

} // namespace detail

template <class Function, class... Args>
auto task_group::start_actor(const actor_options& options, Function&& function, Args&&... args) {
  using message_type = typename detail::message_of_actor<std::decay_t<Function>>::type;
  static_assert(!std::is_void_v<message_type>,
                "an actor's function takes an inbox<message<...>> by value as its first parameter, and is no template");
  const mailbox<message_type> box{troupe::capacity{options.capacity}, options.on_full,
                                  [](message_type&& dropped, drop_reason why) { dropped.tell_dropped(why); }};
  actor_ref<message_type> address{box.sender()};
  start({.name = options.name}, std::forward<Function>(function), box.serving_inbox(), std::forward<Args>(args)...);
  return address;
}

} // namespace troupe
