// The restarts of a whole tree of supervisors, counted in one place.

#pragma once

#include <troupe/scope/counted_pointer.hpp>
#include <troupe/scope/spinlock.hpp>
#include <troupe/supervision/restart_policy.hpp>

#include <utility>

namespace troupe::detail {

class tree_budget;
using tree_budget_pointer = counted_pointer<tree_budget>;

/// Counted: by the supervisor that has it, and by those below.
///
/// @thread any
class tree_budget : public counted_object<tree_budget> {
public:
  /// @param above  of the tree that this one is part of; null: none
  tree_budget(const restart_budget& budget, tree_budget_pointer above)
      : above_(std::move(above)), window_(budget.intensity, budget.period) {}

  /// Notes a restart, in the trees above, too. False: it is one too many in one of them, or was
  /// before: then all up to the supervisor of that one give up.
  ///
  /// @throws std::bad_alloc
  [[nodiscard]] bool note(time_source& time);

private:
  friend class counted_object<tree_budget>;
  ~tree_budget() = default;

  const tree_budget_pointer above_;
  spinlock lock_;
  restart_window window_;
  bool used_up_ = false;
};

} // namespace troupe::detail
