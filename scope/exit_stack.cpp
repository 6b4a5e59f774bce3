#include <troupe/scope/attached_errors.hpp>
#include <troupe/scope/exit_stack.hpp>

namespace troupe {

namespace {

detail::ending as_ending(const outcome<>& ended) noexcept {
  return ended.has_error()   ? detail::ending::failed
         : ended.cancelled() ? detail::ending::stopped
                             : detail::ending::normal;
}

} // namespace

exit_stack::~exit_stack() { TROUPE_ASSERT(empty(), "an exit stack was left before it had been unwound"); }

void exit_stack::tell_moved(const detail::finalizer& lowest) noexcept {
  if (number_ == 0)
    number_ = owner_.runs_on().next_number();
  std::vector<const detail::finalizer*> moved;
  for (const detail::finalizer* each = top_.get(); moved.empty() || moved.back() != &lowest; each = each->below_.get())
    moved.push_back(each);
  for (; !moved.empty(); moved.pop_back())
    tell(event_kind::finalizer_added, *moved.back(), number_,
         moved.back()->when_ == detail::finalizer::runs::on_failure ? 1 : 0);
}

void exit_stack::require_owner() const noexcept {
  TROUPE_ASSERT(this_fiber::pointer() == &owner_,
                "an exit stack was used by another fiber than its block's: each fiber has its own");
}

void exit_stack::tell(event_kind what, const detail::finalizer& of, std::uint64_t cause,
                      std::uint32_t place) const noexcept {
  if (owner_.runs_on().tells_details()) [[unlikely]]
    owner_.runs_on().emit(what, of.number_, owner_.number(), cause, place);
}

void exit_stack::add(std::unique_ptr<detail::finalizer> added) noexcept {
  if (owner_.runs_on().tells_details()) [[unlikely]] {
    if (number_ == 0)
      number_ = owner_.runs_on().next_number();
    added->number_ = owner_.runs_on().next_number();
    tell(event_kind::finalizer_added, *added, number_, added->when_ == detail::finalizer::runs::on_failure ? 1 : 0);
  }
  added->below_ = std::move(top_);
  top_ = std::move(added);
}

void exit_stack::move_to(exit_stack& other) noexcept {
  require_owner();
  TROUPE_ASSERT(&other.owner_ == &owner_, "exit_stack::move_to() was given the stack of another fiber");
  if (empty() || &other == this)
    return;
  detail::finalizer* lowest = top_.get();
  while (lowest->below_ != nullptr)
    lowest = lowest->below_.get();
  lowest->below_ = std::move(other.top_);
  other.top_ = std::move(top_);
  if (owner_.runs_on().tells_details()) [[unlikely]]
    other.tell_moved(*lowest);
}

task<> exit_stack::close() {
  require_owner();
  std::vector<std::exception_ptr> failures;
  const outcome<> normally;
  co_await unwind(normally, failures);
  if (const std::exception_ptr primary = with_attached(nullptr, std::move(failures)))
    std::rethrow_exception(primary);
}

std::optional<task<>> exit_stack::begin(detail::finalizer& last, const outcome<>& ended) {
  tell(event_kind::finalizer_begun, last);
  return last.run(ended);
}

task<> exit_stack::unwind(const outcome<>& ended, std::vector<std::exception_ptr>& failures) {
  while (!empty()) {
    std::unique_ptr<detail::finalizer> last = std::move(top_);
    top_ = std::move(last->below_);
    if (last->when_ == detail::finalizer::runs::always || !ended.has_value()) {
      const std::size_t failed_before = failures.size();
      bool cut_short = false;
      detail::deadline_scope entered{owner_, saturated(owner_.runs_on().time().now(), last->limit_),
                                     cancel_scope::shielding::cleanup};
      if (last->limit_ <= duration::zero())
        entered.cancel(cancel_reason::deadline); // it begins all the same, and goes as far as its first wait
      std::optional<task<>> running;
      try {
        running = begin(*last, ended);
      } catch (...) {
        failures.push_back(std::current_exception());
      }
      if (running) {
        const outcome<> finished = co_await detail::catch_stop(std::move(*running));
        cut_short = finished.cancelled();
        if (finished.has_error())
          failures.push_back(finished.error());
        else if (cut_short)
          failures.push_back(std::make_exception_ptr(
              deadline_exceeded{"deadline exceeded: a finalizer was stopped before it had ended"}));
      }
      tell(event_kind::finalizer_ended, *last, cut_short ? 2 : failures.size() != failed_before ? 1 : 0);
    } else {
      tell(event_kind::finalizer_dropped, *last);
    }
    const detail::ending_marked marked{as_ending(ended)}; // what it owns goes now
    last.reset();
  }
}

std::exception_ptr exit_stack::with_attached(std::exception_ptr error, std::vector<std::exception_ptr> failures) const {
  const bool block_failed = error != nullptr;
  if (error == nullptr && !failures.empty()) {
    error = std::move(failures.front());
    failures.erase(failures.begin());
  }
  if (error != nullptr)
    detail::attach_errors(error, failures);
  if (number_ != 0) [[unlikely]] {
    const std::size_t told = error != nullptr ? attached_errors(error).size() + 1 : 0;
    owner_.runs_on().emit(event_kind::stack_unwound, number_, owner_.number(), block_failed ? 1 : 0,
                          static_cast<std::uint32_t>(told));
  }
  return error;
}

} // namespace troupe
