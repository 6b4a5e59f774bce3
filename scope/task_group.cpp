#include <troupe/scope/attached_errors.hpp>
#include <troupe/scope/task_group.hpp>

#include <algorithm>
#include <stdexcept>

namespace troupe {

std::exception_ptr primary_error(std::exception_ptr error) {
  for (;;)
    try {
      std::rethrow_exception(error);
    } catch (const error_group& group) {
      error = group.errors()[group.primary()].error;
    } catch (...) {
      return error;
    }
}

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "unknown exception";
  }
}

std::string group_error::whose() const {
  return !start_index   ? "body"
         : name.empty() ? "child " + std::to_string(*start_index)
                        : "child " + std::to_string(*start_index) + " (" + name + ")";
}

error_group::error_group(std::vector<group_error> in_order_of_time, std::size_t omitted)
    : errors_(std::move(in_order_of_time)), omitted_(omitted) {
  const std::optional<std::size_t> first = errors_.front().start_index;
  // An empty index, the body's, is before all others.
  std::sort(errors_.begin(), errors_.end(),
            [](const group_error& a, const group_error& b) { return a.start_index < b.start_index; });
  while (errors_[primary_].start_index != first)
    ++primary_;
  const std::size_t count = errors_.size() + omitted_;
  what_ = std::to_string(count) + (count == 1 ? " failure" : " failures") + " in a task group; " +
          (count == 1 ? "" : "first ") + errors_[primary_].whose() + ": " + message_of(errors_[primary_].error);
}

void task_group::require_path_part(std::string_view name) {
  if (const bool starts_with_digit = name.front() >= '0' && name.front() <= '9';
      starts_with_digit || name.find('/') != name.npos)
    throw std::invalid_argument("task_group::start: the name \"" + std::string(name) + "\" " +
                                (starts_with_digit ? "begins with a digit, as the paths of children without a name do"
                                                   : "has a '/', which separates the parts of a path") +
                                ": choose another one");
}

bool task_group::enlist(detail::child_base& added) noexcept {
  owner().lock_.lock();
  const bool open = !closed_ && !stopping();
  if (open) {
    added.start_index_ = started_++;
    added.next_sibling_ = first_child_;
    if (first_child_ != nullptr)
      first_child_->previous_sibling_ = &added;
    first_child_ = &added;
    running_.store(running_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  } else {
    was_stopped_ = was_stopped_ || stopping(); // what it was to do is not done
  }
  owner().lock_.unlock();
  if (executor& runs_on = owner().runs_on(); runs_on.tells_of_fibers()) {
    const fiber* const by = this_fiber::pointer();
    const std::uint64_t from = by != nullptr ? by->number() : 0;
    if (open)
      runs_on.emit(event_kind::fiber_started, added.number(), from, owner().number(), place());
    else
      runs_on.emit(event_kind::start_refused, owner().number(), from, 0);
  }
  return open;
}

void task_group::child_ended(detail::child_base& ended, std::exception_ptr error, bool cancelled) noexcept {
  group_error failed;
  if (error)
    failed = {ended.start_index_, error, std::string(ended.name()), attached_errors(error)};
  detail::wakeups woken;
  owner().lock_.lock();
  was_stopped_ = was_stopped_ || cancelled;
  if (failed.error)
    fail(std::move(failed), ended.number(), woken);
  take_out(ended, woken);
  owner().lock_.unlock();
  // The group may be gone from here on; `woken` schedules its owner.
}

void task_group::disown(const child<>& of) noexcept {
  detail::child_base& disowned = *of.state_;
  detail::wakeups woken;
  const std::lock_guard held{owner().lock_};
  disowned.owned_ = false;
  disowned.root_scope_.outer_ = nullptr;
  owner().runs_on().note_disowned(+1);
  take_out(disowned, woken);
}

void task_group::take_out(detail::child_base& gone, detail::wakeups& woken) noexcept {
  if (gone.next_sibling_ != nullptr)
    gone.next_sibling_->previous_sibling_ = gone.previous_sibling_;
  if (gone.previous_sibling_ != nullptr)
    gone.previous_sibling_->next_sibling_ = gone.next_sibling_;
  else
    first_child_ = gone.next_sibling_;
  const std::size_t left = running_.load(std::memory_order_relaxed) - 1;
  running_.store(left, std::memory_order_relaxed);
  if (left == 0 && joining_) {
    closed_ = true;
    // Always won: the wait is shielded, and only this line grants it.
    static_cast<void>(owner().grant(woken));
  }
}

void task_group::fail(group_error&& failed, std::uint64_t origin, detail::wakeups& woken) noexcept {
  // A body that awaits a child's value fails with the child's own exception: one failure, and it is the child's.
  const auto same = std::find_if(errors_.begin(), errors_.end(), [&](const group_error& known) {
    return (!failed.start_index || !known.start_index) && known.error == failed.error;
  });
  if (same == errors_.end()) {
    if (errors_.size() < error_group::errors_max)
      errors_.push_back(std::move(failed));
    else
      ++errors_omitted_;
  } else if (failed.start_index) {
    *same = std::move(failed);
  }
  cancel_locked({cancel_reason::sibling_failed, origin}, reach::unshielded, woken);
}

void task_group::body_failed(std::exception_ptr error) noexcept {
  group_error failed{std::nullopt, error, {}, attached_errors(error)};
  detail::wakeups woken;
  owner().lock_.lock();
  fail(std::move(failed), owner().number(), woken);
  owner().lock_.unlock();
}

bool task_group::joined(bool body_was_stopped) {
  if (owner().runs_on().tells_details()) [[unlikely]]
    owner().runs_on().emit(event_kind::group_ended, errors_.size() + errors_omitted_, owner().number(),
                           (body_was_stopped || was_stopped_) && outer_stopping() ? 1 : 0, place());
  if (!errors_.empty())
    throw error_group(std::move(errors_), errors_omitted_);
  return (body_was_stopped || was_stopped_) && outer_stopping();
}

bool task_group::join_operation::await_suspend(std::coroutine_handle<>) const noexcept {
  fiber& owner = group_.owner();
  owner.lock_.lock();
  const bool must_wait = group_.running_.load(std::memory_order_relaxed) != 0;
  group_.joining_ = must_wait;
  group_.closed_ = !must_wait;
  if (must_wait) {
    // Always true: a shielded wait is not stopped.
    static_cast<void>(owner.open_wait(fiber::wait_kind::shielded, "join its children", nullptr));
    owner.park();
  }
  owner.lock_.unlock();
  return must_wait;
}

namespace detail {

task_group& child_base::group() noexcept { return static_cast<task_group&>(*root_scope().outer_); }

child_base::waiter::~waiter() {
  if (waiting != nullptr) {
    child_.lock().lock();
    child_.waiters_.remove(*this); // still in it only if we were stopped
    child_.lock().unlock();
  }
  child_.drop();
}

void child_base::waiter::await_suspend(std::coroutine_handle<>) {
  if (waiting->stop_pending())
    return waiting->stop();
  child_.lock().lock();
  if (child_.has_ended())
    waiting->stop_pending() ? waiting->stop() : waiting->yield(); // as in await_ready()
  else if (waiting->open_wait(fiber::wait_kind::plain, "wait for", &child_.as_waitable())) {
    child_.waiters_.push(*this);
    waiting->park();
  } else
    waiting->stop();
  child_.lock().unlock();
}

void child_base::publish() noexcept {
  lock().lock();
  outcome_ready_.store(true, std::memory_order_release); // pairs with has_ended()
  lock().unlock();
}

void child_base::wake_waiters() noexcept {
  wakeups woken;
  lock().lock();
  while (wait_node* const first = waiters_.pop())
    static_cast<void>(first->waiting->grant(woken)); // false: stopped, and it will not look at us again
  lock().unlock();
}

void child_base::tell(std::exception_ptr error, bool cancelled) noexcept {
  if (!can_be_asked()) { // and nobody waits: who waits keeps it
    tell_owner(std::move(error), cancelled);
    return drop();
  }
  publish(); // before the group can end: its owner may ask for the result then
  // Before the waiters: a failure stops those in the group, instead of failing each of them again.
  tell_owner(std::move(error), cancelled);
  wake_waiters();
  drop();
}

void child_base::tell_owner(std::exception_ptr error, bool cancelled) noexcept {
  if (runs_on().tells_of_fibers())
    runs_on().emit(event_kind::fiber_ended, number(), number(), error ? 1 : cancelled ? 2 : 0);
  if (owned_) [[likely]]
    group().child_ended(*this, std::move(error), cancelled);
  else
    runs_on().note_disowned(-1);
}

void child_base::tell_refused() noexcept {
  publish();
  drop();
}

} // namespace detail

} // namespace troupe
