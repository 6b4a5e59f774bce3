#include <troupe/actors/reply.hpp>
#include <troupe/scope/wait_for_graph.hpp>
#include <troupe/scope/would_deadlock.hpp>

#include <exception>
#include <mutex>

namespace troupe::detail {

void ask_block::goes_to(const mailbox_core& mailbox) noexcept {
  goes_to_ = &mailbox;
  const fiber* const by = this_fiber::pointer();
  if (by == nullptr || !by->runs_on().tells_details()) [[likely]]
    return;
  number_ = by->runs_on().next_number();
}

void ask_block::tell_sent() const noexcept { tell(event_kind::ask_sent, number()); }

void ask_block::tell(event_kind what, std::uint64_t cause, std::uint32_t place) const noexcept {
  if (number_ == 0) [[likely]]
    return;
  const fiber* const by = this_fiber::pointer();
  if (const executor* const here = executor_here(); here != nullptr) // not kept: it may outlive that
    here->emit(what, number_, by != nullptr ? by->number() : 0, cause, place);
}

bool ask_block::begin(fiber& self, cancel_scope& work) noexcept {
  {
    const std::lock_guard held{lock_};
    if (answer_ != answer::none)
      return false;
    if (!revoked_) [[likely]] {
      begun_ = true;
      work_ = &work;
      worker_ = static_cast<std::uint32_t>(self.number());
      moves_when_begun_ = token_moves_.load(std::memory_order_relaxed); // as in owner()
      self.be_waited_for();
      tell(event_kind::ask_begun);
      return true;
    }
  }
  fail(ask_failure::aborted); // it was passed on when nobody wanted it any more
  return false;
}

ask_block::look ask_block::begin_outside() noexcept {
  const std::lock_guard held{lock_};
  if (answer_ != answer::none)
    return look::revoked;
  return std::exchange(begun_, true) ? look::goes_on : look::begins;
}

void ask_block::put_back() noexcept {
  const std::lock_guard held{lock_};
  begun_ = begun_ && answer_ != answer::none;
}

void ask_block::end(const cancel_scope& work, const outcome<>& how) noexcept {
  deciding now{*this};
  if (work_ != &work)
    return;
  work_ = nullptr;
  if (how.has_error())
    fail_locked(how.error(), now);
  else if (how.cancelled())
    fail_locked(ask_failure::aborted, now);
  else if (token_gone_)
    fail_locked(ask_failure::broken_promise, now);
}

void ask_block::fail(ask_failure why) noexcept {
  deciding now{*this};
  fail_locked(why, now);
}

void ask_block::fail_locked(ask_failure why, deciding& now) noexcept {
  if (answer_ != answer::none)
    return;
  why_ = why;
  decide(answer::failure, now);
}

void ask_block::fail(std::exception_ptr error) noexcept {
  deciding now{*this};
  fail_locked(std::move(error), now);
}

void ask_block::fail_locked(std::exception_ptr error, deciding& now) noexcept {
  if (answer_ != answer::none)
    return;
  error_ = std::move(error);
  decide(answer::error, now);
}

void ask_block::hand_back(std::exception_ptr error) noexcept {
  deciding now{*this};
  if (answer_ != answer::none)
    return;
  error_ = std::move(error);
  fail_locked(begun_ ? ask_failure::broken_promise : ask_failure::restarting, now);
}

void ask_block::dropped(ask_failure why) noexcept {
  deciding now{*this};
  fail_locked(begun_ ? ask_failure::broken_promise : why, now);
}

void ask_block::token_dropped() noexcept {
  tell_reply_gone();
  deciding now{*this};
  token_gone_ = true;
  // With the frames of work that failed or was stopped: then that is the answer.
  if (work_ != nullptr && (frames_ending() != ending::normal || std::uncaught_exceptions() != 0))
    return;
  fail_locked(begun_ ? ask_failure::broken_promise : ask_failure::not_started, now);
}

bool ask_block::revoke() noexcept {
  deciding now{*this};
  if (answer_ != answer::none)
    return true;
  if (!begun_) {
    fail_locked(ask_failure::not_started, now);
    return true;
  }
  revoked_ = true; // for whom it is passed on to
  if (work_ != nullptr)
    work_->cancel(cancel_reason::revoked); // stays where it is meanwhile: end() needs our lock
  return false;
}

void ask_block::number_its_object(fiber& by) const noexcept {
  if (goes_to_ == nullptr || goes_to_->number() != 0)
    return;
  const std::lock_guard held{goes_to_->lock()};
  goes_to_->be_numbered(by);
}

void ask_block::give_up() noexcept { fail(ask_failure::in_doubt); }

bool ask_block::wait_blocking(duration at_most) {
  blocked_thread me;
  {
    const std::lock_guard held{lock_};
    if (answer_ != answer::none)
      return true;
    asking_ = &me;
  }
  static_cast<void>(me.wait(at_most));
  const std::lock_guard held{lock_}; // who decides holds it until done with us
  asking_ = nullptr;
  return answer_ != answer::none;
}

std::exception_ptr ask_block::error() const {
  const bool has_error = answer_ == answer::error || (why_ == ask_failure::restarting && error_);
  return has_error ? error_ : std::make_exception_ptr(ask_error{why_});
}

void ask_block::decide(answer as, deciding& now) noexcept {
  static_assert(static_cast<std::uint32_t>(answer::value) == answered_with_value);
  answer_ = as;
  tell(event_kind::ask_answered, static_cast<std::uint64_t>(why_), static_cast<std::uint32_t>(as));
  now.calls = calls_back_;
  if (asker_ != nullptr)
    static_cast<void>(std::exchange(asker_, nullptr)->grant(now.woken)); // false: stopped, and it asks for the fate
  if (asking_ != nullptr)
    asking_->decide();
}

bool ask_block::begun() const noexcept {
  const std::lock_guard held{lock_};
  return begun_;
}

std::uint32_t ask_block::owner() const noexcept {
  const std::lock_guard held{lock_};
  // relaxed, both: who works or reads writes them, and then puts its own wait in the graph, under the lock of its edge.
  // Where we have seen that edge we see them; where we have not, there is no cycle yet.
  if (begun_) // who works has the token while nobody has moved it away
    return work_ != nullptr && token_moves_.load(std::memory_order_relaxed) == moves_when_begun_ ? worker_ : 0;
  return taken_.load(std::memory_order_relaxed) ? 0 : goes_to_->reader();
}

ask_block::wait_operation::~wait_operation() {
  wait_for_graph::remove(*self_);
  const std::lock_guard held{block_.lock_};
  block_.asker_ = nullptr;
}

void ask_block::wait_operation::await_suspend(std::coroutine_handle<>) {
  if (self_->stop_pending())
    return self_->stop();
  block_.number_its_object(*self_);
  {
    const std::lock_guard held{block_.lock_};
    if (block_.answer_ != answer::none)
      return self_->yield();
    if (!self_->open_wait(fiber::wait_kind::plain, "ask", &block_))
      return self_->stop();
    block_.asker_ = self_;
    self_->park();
  }
  if (self_->is_waited_for())
    throw_if_it_never_ends();
}

void ask_block::wait_operation::throw_if_it_never_ends() {
  const std::optional<std::string> cycle = wait_for_graph::add(*self_, block_);
  if (!cycle)
    return;
  {
    const std::lock_guard held{block_.lock_};
    if (std::exchange(block_.asker_, nullptr) == nullptr)
      return; // an answer was faster
  }
  if (self_->unpark())
    throw would_deadlock{*cycle};
}

} // namespace troupe::detail
