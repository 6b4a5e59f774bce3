#include <troupe/scope/deadline.hpp>

#include <algorithm>

namespace troupe {

namespace detail {

void tell_limit(const fiber& self, const time_limit& begins) noexcept {
  if (begins.relative && self.runs_on().tells_details()) [[unlikely]]
    self.runs_on().emit(event_kind::limit_begun, 0, self.number(), static_cast<std::uint64_t>(begins.after.count()));
}

deadline_scope::deadline_scope(fiber& owner, instant at, shielding kind, expires how)
    : cancel_scope(owner, kind, how == expires::moving_on ? role::moves_on : role::limited),
      timer(at, kind == shielding::commit ? &expire_shield : &expire),
      time_(how != expires::by_others && at != instant::max() ? &owner.runs_on().time() : nullptr) {
  if (time_ != nullptr)
    time_->add(*this);
  if (owner.runs_on().tells_details() && at != instant::max()) [[unlikely]]
    tell_deadline(owner);
}

void deadline_scope::tell_deadline(const fiber& owner) const noexcept {
  owner.runs_on().emit(event_kind::deadline_set, time_ == nullptr ? 1 : 0, owner.number(),
                       static_cast<std::uint64_t>(when().time_since_epoch().count()), place());
}

deadline_scope::~deadline_scope() {
  if (time_ != nullptr)
    time_->remove(*this);
}

void deadline_scope::expire(timer& fired, wakeups& woken) noexcept {
  static_cast<deadline_scope&>(fired).cancel(cancel_reason::deadline, std::source_location::current(),
                                             reach::unshielded, woken);
}

void deadline_scope::expire_shield(timer& fired, wakeups& woken) noexcept {
  static_cast<deadline_scope&>(fired).cancel(cancel_reason::deadline, std::source_location::current(),
                                             reach::commits_too, woken);
}

instant deadline_scope::earliest_around(const fiber& self) noexcept {
  instant earliest = instant::max();
  // What is around a scope stays as long as the scope, and no limit changes: nothing is locked.
  for (const cancel_scope* scope = &self.innermost_scope(); scope != nullptr; scope = scope->outer_) {
    if (is_limit(*scope))
      earliest = std::min(earliest, static_cast<const deadline_scope*>(scope)->when());
    if (scope->shielding_ != shielding::none)
      break;
  }
  return earliest;
}

void deadline_scope::note_fate(fiber& stopped, std::exception_ptr fate) noexcept {
  cancel_scope* scope = &stopped.innermost_scope();
  const cancel_scope* const by = scope->stopped_by_.load(std::memory_order_acquire); // acquire: as in stopping()
  while (scope != by && scope->outer_in_fiber() != nullptr)
    scope = scope->outer_;
  if (scope == by && is_limit(*scope)) // else it is another fiber's
    static_cast<deadline_scope*>(scope)->fate = std::move(fate);
}

} // namespace detail

instant this_fiber::deadline() noexcept {
  const fiber* const self = pointer();
  TROUPE_ASSERT(self != nullptr, "this_fiber::deadline() was called outside of any fiber");
  return detail::deadline_scope::earliest_around(*self);
}

} // namespace troupe
