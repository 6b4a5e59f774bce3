// An actor: a child of a task group with an inbox, and an address that others keep.

#pragma once

#include <troupe/actors/actor_ref.hpp>
#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/task_group.hpp>

#include <string_view>

namespace troupe {

/// How `task_group::start_actor` makes an actor and its mailbox.
struct actor_options {
  std::string_view name = {};           ///< As in `child_options`.
  std::size_t capacity = 100;           ///< Of its mailbox.
  overflow on_full = overflow::suspend; ///< What telling and asking do when it is full.
};

namespace detail {

/// The kind of message that an actor's function takes: `Message` of its first parameter, `inbox<Message>`.
template <class Function>
struct actor_function : actor_function<decltype(&Function::operator())> {};
template <class Result, class Message, class... Args>
struct actor_function<Result (*)(inbox<Message>, Args...)> {
  using message_type = Message;
};
template <class Result, class Object, class Message, class... Args>
struct actor_function<Result (Object::*)(inbox<Message>, Args...)> {
  using message_type = Message;
};
template <class Result, class Object, class Message, class... Args>
struct actor_function<Result (Object::*)(inbox<Message>, Args...) const> {
  using message_type = Message;
};
template <class Function>
using message_of_actor = typename actor_function<std::decay_t<Function>>::message_type;

} // namespace detail

template <class Function, class... Args>
auto task_group::start_actor(const actor_options& options, Function&& function, Args&&... args) {
  using message_type = detail::message_of_actor<Function>;
  const mailbox<message_type> box{troupe::capacity{options.capacity}, options.on_full,
                                  [](message_type&& dropped, drop_reason why) { dropped.tell_dropped(why); }};
  actor_ref<message_type> address{box.sender()};
  start({.name = options.name}, std::forward<Function>(function), box.actor_inbox(), std::forward<Args>(args)...);
  return address;
}

} // namespace troupe
