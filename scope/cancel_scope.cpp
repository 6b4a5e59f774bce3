#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/fiber.hpp>

namespace troupe {

cancel_scope::cancel_scope(fiber& owner, shielding kind) noexcept : cancel_scope(owner, kind, role::plain) {}

cancel_scope::cancel_scope(fiber& owner, shielding kind, role as) noexcept
    : fiber_(owner), shielding_(kind), role_(as) {
  fiber_.lock_.lock();
  outer_ = fiber_.innermost_;
  outer_->inner_ = this;
  fiber_.innermost_ = this;
  if (const cancel_scope* const by = outer_->commits_stopped_by_; by != nullptr && within(reach::commits_too))
    mark(*by, reach::commits_too);
  if (outer_->stopping() && within(reach::unshielded))
    stopped_by_.store(outer_->stopped_by_.load(std::memory_order_relaxed), // relaxed: stopping() has acquired it
                      std::memory_order_release);                          // as in mark()
  fiber_.stop_.store(stopping() || fiber_.is_to_suffer(), std::memory_order_seq_cst);
  fiber_.lock_.unlock();
  if (fiber_.executor_.tells_details()) [[unlikely]]
    tell_entered();
}

[[gnu::cold]] void cancel_scope::tell_entered() const noexcept {
  fiber_.executor_.emit(event_kind::scope_entered, traits(), fiber_.number(), 0, place());
}

[[gnu::cold]] void cancel_scope::tell_left() const noexcept {
  fiber_.executor_.emit(event_kind::scope_left, 0, fiber_.number(), 0, place());
}

std::uint32_t cancel_scope::place() const noexcept {
  std::uint32_t around = 0;
  for (const cancel_scope* outer = outer_in_fiber(); outer != nullptr; outer = outer->outer_in_fiber())
    ++around;
  return around;
}

std::uint8_t cancel_scope::traits() const noexcept {
  unsigned all = 0;
  const auto add_if = [&all](bool has, scope_traits one) { all |= has ? static_cast<unsigned>(one) : 0U; };
  add_if(role_ == role::group, scope_of_group);
  add_if(role_ == role::limited || role_ == role::moves_on, scope_with_deadline);
  add_if(role_ == role::moves_on, scope_that_moves_on);
  add_if(role_ == role::incarnation, scope_of_run);
  add_if(shielding_ == shielding::commit, scope_hides_cancels);
  add_if(shielding_ == shielding::cleanup, scope_hides_all);
  return static_cast<std::uint8_t>(all);
}

const cancel_scope* cancel_scope::outer_in_fiber() const noexcept {
  return this != &fiber_.root_scope_ ? outer_ : nullptr;
}

cancel_scope::~cancel_scope() {
  if (this == &fiber_.root_scope_)
    return; // leaves with its fiber
  TROUPE_ASSERT(first_child_ == nullptr, "a scope ends with fibers still in it: join them first");
  if (fiber_.executor_.tells_details()) [[unlikely]]
    tell_left();
  fiber_.lock_.lock();
  TROUPE_ASSERT(fiber_.innermost_ == this, "scopes must be left in the reverse order of entering");
  outer_->inner_ = nullptr;
  fiber_.innermost_ = outer_;
  // Under the lock: a cancel of an outer scope has either marked it already or will find the fiber there.
  fiber_.stop_.store(outer_->stopping() || fiber_.is_to_suffer(), std::memory_order_seq_cst);
  fiber_.lock_.unlock();
}

void cancel_scope::cancel(cancel_reason reason, std::source_location where) noexcept {
  detail::wakeups woken;
  cancel(reason, where, reach::unshielded, woken);
}

void cancel_scope::cancel_commits(cancel_reason reason, std::source_location where) noexcept {
  detail::wakeups woken;
  cancel(reason, where, reach::commits_too, woken);
}

void cancel_scope::cancel(cancel_reason reason, std::source_location where, reach far,
                          detail::wakeups& woken) noexcept {
  const fiber* by = this_fiber::pointer();
  fiber_.lock_.lock();
  cancel_locked({reason, by != nullptr ? by->number() : 0, where}, far, woken);
  fiber_.lock_.unlock();
}

void cancel_scope::cancel_locked(const cancel_cause& cause, reach far, detail::wakeups& woken) noexcept {
  const bool first = !cancelled_.load(std::memory_order_relaxed); // relaxed: written under the lock we hold
  if (!first && (far == reach::unshielded || commits_stopped_by_ != nullptr))
    return;
  if (fiber_.executor_.tells_of_fibers())
    tell_cancelled(cause, far);
  if (first) {
    reason_ = cause.reason;
    origin_ = cause.origin;
    where_ = cause.where;
  }
  mark(*this, far);
  cancelled_.store(true, std::memory_order_release); // pairs with cancelled()
  stop_all_below(far, woken);
}

void cancel_scope::tell_cancelled(const cancel_cause& cause, reach far) const noexcept {
  const executor& tells = fiber_.executor_;
  const auto reason = static_cast<std::uint64_t>(cause.reason);
  if (far == reach::commits_too && tells.tells_details())
    tells.emit(event_kind::commits_cancelled, fiber_.number(), cause.origin, reason, place());
  tells.emit(event_kind::cancel_requested, fiber_.number(), cause.origin, reason, place());
}

void cancel_scope::await_marks() const noexcept {
  fiber& top = stopped_by_.load(std::memory_order_acquire)->fiber_; // acquire: as in stopping()
  top.lock_.lock();                                                 // stop_all_below() holds it on its whole way
  top.lock_.unlock();
}

void cancel_scope::mark(const cancel_scope& by, reach far) noexcept {
  if (far == reach::commits_too && commits_stopped_by_ == nullptr)
    commits_stopped_by_ = &by;
  if (stopped_by_.load(std::memory_order_relaxed) == nullptr) // relaxed: written under the lock we hold
    stopped_by_.store(&by, std::memory_order_release);        // pairs with stopping() and cause()
}

// Depth first along scopes and fibers, each fiber locked while anything below it is visited. The way back is in the
// tree itself, so nothing recurses and nothing is allocated, however deep it is.
void cancel_scope::stop_all_below(reach far, detail::wakeups& woken) noexcept {
  cancel_scope* scope = this;
  for (;;) {
    scope->mark(*this, far);
    if (fiber* child = scope->first_child_; child != nullptr) {
      child->lock_.lock();
      scope = &child->root_scope_;
      continue;
    }
    for (;;) { // all children of `scope` are done
      if (scope->inner_ != nullptr && scope->inner_->within(far)) {
        scope = scope->inner_;
        break;
      }
      fiber& done = scope->fiber_;
      if (scope->inner_ == nullptr) // else a shield hides what the fiber does now
        done.stop_wait(woken);
      if (&done == &fiber_)
        return;
      fiber* const sibling = done.next_sibling_;
      cancel_scope* const group = done.root_scope_.outer_;
      done.lock_.unlock();
      if (sibling != nullptr) {
        sibling->lock_.lock();
        scope = &sibling->root_scope_;
        break;
      }
      scope = group;
    }
  }
}

} // namespace troupe
