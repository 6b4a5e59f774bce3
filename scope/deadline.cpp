#include <troupe/scope/deadline.hpp>

#include <algorithm>

namespace troupe {

namespace detail {

deadline_scope::deadline_scope(fiber& owner, instant at, shielding kind, bool timed)
    : cancel_scope(owner, kind, role::limited), timer(at, kind == shielding::commit ? &expire_shield : &expire),
      time_(timed && at != instant::max() ? &owner.runs_on().time() : nullptr) {
  if (time_ != nullptr)
    time_->add(*this);
}

deadline_scope::~deadline_scope() {
  if (time_ != nullptr)
    time_->remove(*this);
}

void deadline_scope::expire(timer& fired) noexcept {
  static_cast<deadline_scope&>(fired).cancel(cancel_reason::deadline);
}

void deadline_scope::expire_shield(timer& fired) noexcept {
  static_cast<deadline_scope&>(fired).cancel_commits(cancel_reason::deadline);
}

void note_fate(fiber& stopped, std::exception_ptr fate) noexcept {
  if (cancel_scope* const limit = stopped.innermost_scope().stopping_limit(); limit != nullptr)
    static_cast<deadline_scope*>(limit)->fate = std::move(fate);
}

} // namespace detail

cancel_scope* cancel_scope::stopping_limit() noexcept {
  cancel_scope* scope = this;
  // acquire: as in stopping()
  const cancel_scope* const by = stopped_by_.load(std::memory_order_acquire);
  while (scope != nullptr && scope != by)
    scope = scope->outer_ != nullptr && &scope->outer_->fiber_ == &fiber_ ? scope->outer_ : nullptr;
  return scope != nullptr && scope->role_ == role::limited ? scope : nullptr;
}

instant cancel_scope::deadline() const noexcept {
  instant earliest = instant::max();
  // What is around a scope stays as long as the scope, and no limit changes: nothing is locked.
  for (const cancel_scope* scope = this; scope != nullptr; scope = scope->outer_) {
    if (scope->role_ == role::limited)
      earliest = std::min(earliest, static_cast<const detail::deadline_scope*>(scope)->when());
    if (scope->shielding_ != shielding::none)
      break;
  }
  return earliest;
}

instant this_fiber::deadline() noexcept {
  const fiber* const self = pointer();
  TROUPE_ASSERT(self != nullptr, "this_fiber::deadline() was called outside of any fiber");
  return self->innermost_scope().deadline();
}

} // namespace troupe
