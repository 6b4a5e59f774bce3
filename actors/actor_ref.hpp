// The address of an actor: what others tell it, and ask of it.

#pragma once

#include <troupe/actors/actor_life.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/actors/monitor.hpp>
#include <troupe/mailbox/sender.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/steady_time.hpp>
#include <troupe/scope/task_group.hpp>

#include <chrono>
#include <concepts>
#include <type_traits>
#include <utility>

namespace troupe {

template <class Message>
class actor_ref;

namespace detail {

template <class Message, class Lost, class Function, class... Args>
class supervised_actor; // of a layer above

/// The address of a mailbox whose readers come and go, and are no actors of a group or a supervisor: for layers above.
template <class Message>
actor_ref<Message> address_of(sender<Message> to, actor_life_pointer life) noexcept;

/// Awaits `sent`, which sends the ask and waits for its answer, and sees to it that there is one: afterwards the block
/// is answered, or the stop goes on.
task<> settled(ask_block& ask, task<> sent, const ask_limits& limits);
/// The same for a thread that has sent it.
void settle_blocking(ask_block& ask, instant began, duration at_most, duration fate_limit);

} // namespace detail

/// Address of an actor that takes `Message`, which is a `message<...>`. Copyable, and equal to others of the same
/// actor.
///
/// It keeps the actor's mailbox, never the actor: an actor whose last address has gone, and that has handled what it
/// was sent, gets no more messages and ends.
///
/// @thread any; several fibers may use one object
template <class Message>
class actor_ref {
public:
  /// Sends a message of kind `M`, made from `args`. As `sender::send`: it waits while the mailbox is full, or does what
  /// the mailbox's `overflow` says.
  ///
  /// @suspends while full, with `overflow::suspend`
  /// @cancel   nothing was sent: the message is dropped, and counted as `send_cancelled`
  /// @returns  what became of it
  /// @throws   `would_deadlock`: the actor waits, directly or through others, for who tells it
  template <class M, class... Args>
  auto tell(Args&&... args) const {
    takes<M, Args...>();
    return to_.send(std::in_place_type<M>, std::forward<Args>(args)...);
  }
  /// Like `tell`, but never waits.
  ///
  /// @thread any, also outside of any fiber
  template <class M, class... Args>
  [[nodiscard]] send_status try_tell(Args&&... args) const {
    takes<M, Args...>();
    return to_.try_send(Message{std::in_place_type<M>, std::forward<Args>(args)...});
  }

  /// Sends a message of kind `M`, made from `args` and a `reply`, and waits for the answer.
  ///
  /// The deadline around it goes with the message, and becomes that of the handler's scope; without any it is
  /// `ask_limits::ask` of the actor from the await. When it passes, or the asker is stopped, the ask is revoked: what
  /// waits in the mailbox is never begun, what runs is stopped, unless it is in a shield. The asker then waits for what
  /// comes of it, for at most `ask_limits::fate`; an answer that comes is returned though the deadline has passed. A
  /// limit around it that passes says what became of it in `deadline_exceeded::fate()`.
  ///
  /// @suspends until it is answered, or its fate is known
  /// @cancel   a checkpoint at its entry: nothing is sent. After that it is revoked, and the stop goes on once its fate
  ///           is known
  /// @returns  the answer
  /// @throws   what the callee answered, or threw, as an error; `ask_error`, which says what was done
  template <class M, class... Args>
  requires detail::askable<M> task<detail::answer_to<M>> ask(Args&&... args)
  const {
    takes<M, Args..., reply<detail::answer_to<M>>>();
    using block_type = detail::reply_block<detail::answer_to<M>>;
    auto* const block = new block_type;
    detail::ask_pointer ours = detail::ask_pointer::owning(block);
    reply<detail::answer_to<M>> token{*block};
    block->goes_to(to_.core());
    return asked<detail::answer_to<M>>(*this, std::move(ours),
                                       Message{M(std::forward<Args>(args)..., std::move(token))});
  }

  /// Like `ask`, for a thread that runs no fiber: it blocks for at most `limit`, and then until the fate is known.
  ///
  /// @throws as `ask`; past the limit `ask_error`, which says what was done
  /// @thread any that runs no fiber. With nothing that runs the actor it waits for the whole limit
  template <class M, class Rep, class Period, class... Args>
  requires detail::askable<M> detail::answer_to<M> ask_blocking(std::chrono::duration<Rep, Period> limit,
                                                                Args&&... args)
  const {
    takes<M, Args..., reply<detail::answer_to<M>>>();
    using block_type = detail::reply_block<detail::answer_to<M>>;
    const duration at_most = clipped(limit);
    const instant began = steady_time::real_now();
    auto* const block = new block_type;
    const detail::ask_pointer ours = detail::ask_pointer::owning(block);
    reply<detail::answer_to<M>> token{*block};
    block->set_deadline(saturated(began, at_most));
    Message made{M(std::forward<Args>(args)..., std::move(token))};
    if (at_most <= duration::zero())
      block->fail(ask_failure::not_started);
    else if (to_.send_blocking(std::move(made), at_most) == send_status::closed)
      block->fail(ask_failure::receiver_down);
    detail::settle_blocking(*block, began, at_most, life_->limits().fate);
    return block->take();
  }

  /// Of its mailbox: also what was dropped, by reason.
  ///
  /// @thread any
  mailbox_statistics statistics() const { return to_.statistics(); }

  /// Stops it at once: its mailbox takes nothing more, what it handles now ends at its next wait (unless that is in a
  /// `shield`), and what is queued is dropped, its asks told `receiver_down`. It has ended when its group says so; that
  /// is no failure. Returns at once; a second stop changes nothing.
  ///
  /// @thread any
  void stop_now() const noexcept {
    life_->stop(); // first: it must see the stop, and not that its mailbox is closed
    to_.close();
  }
  /// Lets it handle what it was sent until now, in order, and then end: its mailbox takes nothing more.
  ///
  /// @thread any
  void stop_after_drain() const noexcept { to_.close(); }

  /// Tells it a message of kind `M`, made from `args` now, when `delay` has passed: in a child of `owner`, so it is not
  /// told if that group ends before. `cancel()` of the child takes it back.
  ///
  /// @returns the child, whose value is what became of the message
  /// @throws  what making the message and starting a child throw
  /// @thread  as `task_group::start`
  template <class M, class Rep, class Period, class... Args>
  child<send_status> tell_after(task_group& owner, std::chrono::duration<Rep, Period> delay, Args&&... args) const {
    takes<M, Args...>();
    return owner.start(told_later, to_, clipped(delay), Message{std::in_place_type<M>, std::forward<Args>(args)...});
  }

  /// Watches it, from now on. (Only the monitor is told: an actor whose end fails others is a child of their group.)
  ///
  /// @thread any
  actor_monitor monitor() const noexcept { return actor_monitor{life_}; }

  friend bool operator==(const actor_ref& a, const actor_ref& b) noexcept { return a.to_ == b.to_; }

private:
  friend class task_group;
  friend actor_ref detail::address_of<Message>(sender<Message> to, detail::actor_life_pointer life) noexcept;
  friend class detail::actor_gate<Message>;
  template <class M, class Lost, class Function, class... Args>
  friend class detail::supervised_actor;

  actor_ref(sender<Message> to, detail::actor_life_pointer life) noexcept
      : to_(std::move(to)), life_(std::move(life)) {}

  /// Says in a sentence what the compiler would say in a page.
  template <class M, class... Args>
  static constexpr void takes() {
    static_assert(Message::template has_kind<M>,
                  "this actor does not take that kind of message: it is none of those in the message<...> of its inbox");
    static_assert(std::constructible_from<M, Args...>,
                  "that kind of message cannot be made of these arguments (`ask` adds the reply, the last of them)");
  }

  template <class T>
  static task<T> asked(actor_ref whom, detail::ask_pointer ask, Message made) {
    co_await detail::settled(*ask, sent(whom.to_, *ask, made), whom.life_->limits());
    co_return static_cast<detail::reply_block<T>&>(*ask).take();
  }
  static task<> sent(const sender<Message>& to, detail::ask_block& ask, Message& made) {
    co_await to.send(std::move(made)); // what is refused is answered where it is dropped
    co_await detail::ask_block::wait_operation{ask};
  }

  static task<send_status> told_later(sender<Message> to, duration delay, Message made) {
    co_await sleep_for(delay);
    const send_status status = co_await to.send(std::move(made));
    co_return status;
  }

  sender<Message> to_;
  detail::actor_life_pointer life_;
};

template <class Message>
actor_ref<Message> detail::address_of(sender<Message> to, actor_life_pointer life) noexcept {
  return actor_ref<Message>{std::move(to), std::move(life)};
}

} // namespace troupe
