// One run of a CAF actor that is a child: what the fiber that has started it, the actor itself and its askers share.
// Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <troupe/actors/reply.hpp>
#include <troupe/scope/counted_pointer.hpp>
#include <troupe/scope/fiber.hpp>

#include <caf/actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

#include <coroutine>
#include <cstdint>
#include <exception>
#include <mutex>
#include <unordered_map>

namespace caf {
class actor_system;
}

namespace troupe::detail {

class caf_run;
using caf_run_pointer = counted_pointer<caf_run>;

/// Counted: by the fiber, by the actor for as long as anybody holds its handle, by askers, and while it is open by the
/// `caf::actor_companion` to which the actor answers.
class caf_run : public counted_object<caf_run> {
public:
  static caf_run_pointer make(caf::actor_system& system);

  /// @name For the fiber that has started it
  ///@{
  /// Its end is seen from now on, also where it has ended already.
  void watch(caf::strong_actor_ptr actor);
  /// Of high priority: what is queued does not hold it up.
  void send_exit(caf::exit_reason reason) const;
  /// The last thing: nobody gets an answer any more. Before the actor system goes.
  void close();
  enum class awaited : bool { start_or_end, end };
  class change_operation;
  /// @pre it has ended
  const caf::error& reason() const noexcept { return reason_; }
  /// What it threw, where that is why it has ended; else null.
  const std::exception_ptr& error() const noexcept { return error_; }
  ///@}

  /// @name For the actor
  ///@{
  void has_started() noexcept;
  /// What is thrown in it, before CAF makes an error of it.
  void has_thrown(std::exception_ptr error) noexcept;
  /// It sees its messages one by one: so what nobody waits for any more is not begun.
  void sees_messages() noexcept { sees_messages_ = true; }
  /// False: nobody knows of a message whether it was begun.
  bool knows_what_begins() const noexcept { return sees_messages_; }
  /// Before it handles a message. What is no ask of ours goes on.
  [[nodiscard]] ask_block::look begin(const caf::mailbox_element& element) noexcept;
  /// It has skipped the message that it began, and will see it again.
  void put_back(const caf::mailbox_element& element) noexcept;
  ///@}

  /// @name For who sends to it
  ///@{
  /// Null once it has ended.
  caf::strong_actor_ptr actor() const;
  caf::actor_system& system() const noexcept { return system_; }
  /// One ask, for as long as this lives. Takes over one count of the block.
  class asking;
  ///@}

private:
  friend class counted_object<caf_run>;

  explicit caf_run(caf::actor_system& system);
  ~caf_run() = default;

  void has_ended(const caf::error& reason) noexcept;
  /// On the thread of whoever answers.
  void receive(caf::mailbox_element& element);
  /// The number of an ask that the message is; 0: it is none.
  std::uint64_t number_of(const caf::mailbox_element& element) const noexcept;
  ask_pointer find(std::uint64_t number) const noexcept;
  /// Both under the lock.
  bool holds(awaited what) const noexcept { return ended_ || (started_ && what == awaited::start_or_end); }
  void wake(wakeups& woken) noexcept;

  caf::actor_system& system_;
  const caf::strong_actor_ptr answers_to_;
  bool sees_messages_ = false; // written by the actor's constructor

  mutable std::mutex lock_; // guards what follows; the reason and the error do not change after the end
  caf::strong_actor_ptr actor_;
  bool started_ = false;
  bool ended_ = false;
  caf::error reason_;
  std::exception_ptr error_;
  change_operation* waiting_ = nullptr;
  std::uint64_t last_ask_ = 0;
  std::unordered_map<std::uint64_t, ask_pointer> asks_; // that have no answer yet, by number
};

/// Its fiber waits for what becomes of it.
class caf_run::change_operation {
public:
  change_operation(caf_run& of, awaited until, fiber::wait_kind kind) noexcept : of_(of), until_(until), kind_(kind) {}
  ~change_operation();
  change_operation(const change_operation&) = delete;
  change_operation& operator=(const change_operation&) = delete;

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>);
  /// @returns whether it has started
  bool await_resume() const noexcept;

private:
  friend class caf_run;

  caf_run& of_;
  const awaited until_;
  const fiber::wait_kind kind_;
  fiber* self_ = nullptr;
};

class caf_run::asking {
public:
  asking(caf_run_pointer whom, ask_pointer block);
  ~asking();
  asking(const asking&) = delete;
  asking& operator=(const asking&) = delete;

  /// Once. Where the actor has ended, the block is told `restarting`.
  void send(caf::message content);

private:
  const caf_run_pointer whom_;
  ask_pointer block_;
  std::uint64_t number_ = 0; // 0: not in the table
};

} // namespace troupe::detail
