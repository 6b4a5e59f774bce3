// The answer to one ask: a token that whoever handles the message holds, and the block that it shares with the asker.

#pragma once

#include <troupe/actors/ask_error.hpp>
#include <troupe/mailbox/mailbox_core.hpp>
#include <troupe/scope/blocked_thread.hpp>
#include <troupe/scope/counted_pointer.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/spinlock.hpp>

#include <atomic>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace troupe {

namespace detail {

/// What asker and callee share: never in the frame of either, so that each may go at any time.
///
/// Its one lock decides between the answer, the revoke and the end of the asker's patience: the first wins, and the
/// others do nothing. It is taken before a fiber's lock (a revoke cancels the scope of the work under it).
class ask_block : public counted_object<ask_block>, private waitable {
public:
  /// @name For the callee
  ///@{
  /// The work begins, in this scope, which a revoke cancels from now on, instead of that of whoever passed the ask on.
  /// False: it was revoked, so it must not begin.
  [[nodiscard]] bool begin(fiber& self, cancel_scope& work) noexcept;
  /// Of whoever looks at it outside of any fiber, where no revoke reaches it.
  enum class look : std::uint8_t {
    revoked, ///< It must not begin.
    begins,
    goes_on, ///< It has begun before.
  };
  [[nodiscard]] look begin_outside() noexcept;
  /// Whoever it began with has put it back before anything of it was done.
  void put_back() noexcept;
  /// The work in this scope has ended, and no revoke reaches it from here on. How it ended is the answer where there is
  /// none, and nobody else works on it by now.
  void end(const cancel_scope& work, const outcome<>& how) noexcept;
  /// The answer is a failure. Does nothing after another answer.
  void fail(ask_failure why) noexcept;
  void fail(std::exception_ptr error) noexcept;
  /// The answer is the failure `restarting`, as this error.
  void hand_back(std::exception_ptr error) noexcept;
  /// Its message was dropped where it waited. If work had begun before it was passed on there: a broken promise.
  void dropped(ask_failure why) noexcept;
  /// Its message is not in the queue any more.
  void taken() noexcept { taken_.store(true, std::memory_order_relaxed); } // relaxed: as in owner()
  /// The token is somewhere else now.
  void token_moved() noexcept {
    token_moves_.store(token_moves_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); // as in owner()
  }
  /// The token has gone. Without an answer, and begun: a broken promise.
  void token_dropped() noexcept;
  /// For events: nobody holds the right to answer it any more.
  void tell_reply_gone() const noexcept { tell(event_kind::reply_gone); }
  ///@}

  /// When the asker's time is up. Written before the message is sent.
  instant deadline() const noexcept { return deadline_; }

  /// @name For the asker
  ///@{
  void set_deadline(instant at) noexcept { deadline_ = at; }
  /// Before it is sent there. The asker keeps it.
  void goes_to(const mailbox_core& mailbox) noexcept;
  class wait_operation;
  /// The asker does not want it any more. False: it was begun and has not ended, so its fate is not known yet.
  [[nodiscard]] bool revoke() noexcept;
  /// Blocks the calling thread until there is an answer; false: there was none in time.
  ///
  /// @thread outside of any fiber
  bool wait_blocking(duration at_most);
  /// For events: it is awaited.
  void tell_sent() const noexcept;
  /// For events: the asker goes on, with what came of it.
  void tell_ended() const noexcept { tell(event_kind::ask_ended, 0, this_fiber::stopping() ? 1 : 0); }
  /// Nobody waits for it any more: without an answer it is in doubt.
  void give_up() noexcept;
  /// True when the work had begun, and may have done something.
  bool begun() const noexcept;
  /// @pre answered
  bool failed() const noexcept { return answer_ == answer::failure; }
  /// @pre answered, not with a value
  std::exception_ptr error() const;
  ///@}

protected:
  ask_block() noexcept : counted_object(2) {} // the asker and the token
  friend class counted_object<ask_block>;
  virtual ~ask_block() = default;

  /// Holds the lock, and once it has let go of it tells of the answer.
  class deciding {
  public:
    explicit deciding(ask_block& about) noexcept : about_(about) { about_.lock_.lock(); }
    ~deciding() {
      about_.lock_.unlock();
      if (calls) [[unlikely]]
        about_.answered(); // whoever decides has a count
    }
    deciding(const deciding&) = delete;
    deciding& operator=(const deciding&) = delete;

    wakeups woken; // woken after that
    bool calls = false;

  private:
    ask_block& about_;
  };

  /// Decides for a value, which `put` keeps, unless something else was first.
  template <class Put>
  void answer_with(Put&& put) noexcept {
    deciding now{*this};
    if (answer_ != answer::none)
      return;
    put();
    decide(answer::value, now);
  }

  /// From the beginning: nobody waits for the answer, and `answered()` is called instead.
  void call_back() noexcept { calls_back_ = true; }
  /// Once, by whoever has decided, without the lock.
  virtual void answered() noexcept {}

  enum class answer : std::uint8_t { none, value, error, failure };
  answer answer_ = answer::none;

private:
  std::string describe() const override { return "the answer to an ask"; }
  std::uint64_t number() const noexcept override { return goes_to_ != nullptr ? goes_to_->number() : 0; }
  std::uint32_t owner() const noexcept override;
  /// The mailbox that it goes to is what an asker waits for, in events and reports.
  void number_its_object(fiber& by) const noexcept;
  void decide(answer as, deciding& now) noexcept;
  void tell(event_kind what, std::uint64_t cause = 0, std::uint32_t place = 0) const noexcept;
  void fail_locked(ask_failure why, deciding& now) noexcept;
  void fail_locked(std::exception_ptr error, deciding& now) noexcept;

  mutable spinlock lock_;
  bool begun_ = false;
  bool token_gone_ = false;
  bool revoked_ = false; // after it was begun
  bool calls_back_ = false;
  std::atomic<bool> taken_{false};
  ask_failure why_ = ask_failure::not_started;
  fiber* asker_ = nullptr; // while it waits; a thread:
  blocked_thread* asking_ = nullptr;
  cancel_scope* work_ = nullptr; // while the handler runs
  instant deadline_ = instant::max();
  const mailbox_core* goes_to_ = nullptr;
  std::uint32_t worker_ = 0; // the fiber that began it last, by the last digits of its number
  std::atomic<std::uint32_t> token_moves_{0};
  std::uint32_t moves_when_begun_ = 0;
  std::uint64_t number_ = 0; // in events, where somebody wants these
  std::exception_ptr error_;
};

/// The asker waits until there is an answer.
class ask_block::wait_operation {
public:
  explicit wait_operation(ask_block& block) noexcept : block_(block) {}
  ~wait_operation();
  wait_operation(const wait_operation&) = delete;
  wait_operation& operator=(const wait_operation&) = delete;

  void attach(fiber& self) noexcept { self_ = &self; }
  bool await_ready() const noexcept { return false; }
  /// @throws would_deadlock
  void await_suspend(std::coroutine_handle<>);
  void await_resume() const noexcept {}

private:
  void throw_if_it_never_ends();

  ask_block& block_;
  fiber* self_ = nullptr;
};

template <class T>
class reply_block : public ask_block {
  static_assert(std::is_void_v<T> || std::is_nothrow_move_constructible_v<stored_result_t<T>>,
                "an answer must be movable without an exception: reply with a std::unique_ptr otherwise");

public:
  template <class... Args>
  void answer(Args&&... args) {
    stored_result_t<T> made(std::forward<Args>(args)...); // not under the lock
    this->answer_with([&] { value_.emplace(std::move(made)); });
  }
  /// @pre answered
  T take() {
    if (this->answer_ != answer::value)
      std::rethrow_exception(this->error());
    if constexpr (!std::is_void_v<T>)
      return std::move(*value_);
  }

private:
  std::optional<stored_result_t<T>> value_;
};

/// As the asker or the work holds it.
using ask_pointer = counted_pointer<ask_block>;

template <class Message>
class actor_gate;

} // namespace detail

/// The right and the duty to answer one ask: the last member, `to`, of a message that can be asked.
///
/// It may be moved elsewhere and answered later, from any fiber, or be passed on in a message to another actor, which
/// then does the work: its deadline and its revoke go along. When it goes without an answer the asker is told at
/// once: `broken_promise`. In a message that was told instead of asked it is empty, and answering does nothing.
///
/// @thread any, one at a time
template <class T>
class reply {
public:
  using value_type = T;

  reply() noexcept = default;
  reply(reply&& other) noexcept : block_(std::exchange(other.block_, nullptr)) { tell_moved(); }
  reply& operator=(reply&& other) noexcept {
    reply gone{std::move(*this)};
    block_ = std::exchange(other.block_, nullptr);
    tell_moved();
    return *this;
  }
  ~reply() {
    if (block_ != nullptr) {
      block_->token_dropped();
      block_->drop();
    }
  }

  /// False when nobody asked, or it was moved from.
  explicit operator bool() const noexcept { return block_ != nullptr; }

  /// Answers with a value made from `args`. The first answer counts; the asker may have gone.
  template <class... Args>
  requires(std::is_void_v<T> ? sizeof...(Args) == 0 : std::is_constructible_v<detail::stored_result_t<T>, Args...>) void
  operator()(Args&&... args) {
    if (block_ != nullptr)
      static_cast<detail::reply_block<T>*>(block_)->answer(std::forward<Args>(args)...);
  }
  /// Answers with an error, which the ask throws.
  void fail(std::exception_ptr error) {
    if (block_ != nullptr)
      block_->fail(std::move(error));
  }

private:
  template <class... Messages>
  friend class message;
  template <class Message>
  friend class actor_ref;
  template <class Message>
  friend class detail::actor_gate;

  /// Takes over one count.
  explicit reply(detail::reply_block<T>& block) noexcept : block_(&block) {}

  /// Answers with the message itself, which was not handled.
  template <class M>
  void hand_back(M&& unhandled) noexcept {
    if (block_ == nullptr)
      return;
    std::exception_ptr error;
    try {
      error = std::make_exception_ptr(ask_error{std::make_shared<M>(std::move(unhandled))});
    } catch (...) { // no memory: then it is told without the message
    }
    block_->hand_back(std::move(error));
  }

  void tell_moved() const noexcept {
    if (block_ != nullptr)
      block_->token_moved();
  }

  detail::ask_block* block_ = nullptr;
};

} // namespace troupe
