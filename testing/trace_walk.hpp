// All that a trace has kept, in the order in which it happened.

#pragma once

#include <troupe/testing/trace.hpp>

#include <cstddef>

namespace troupe::detail {

/// Calls `told.begins(slice_record)`, `told.happened(event, index)`, `told.happened(tree_record)` and
/// `told.ends(slice_record)`, each for all of them, in their order. A slice may be cut off by the end of the trace.
template <class Told>
void walk(const trace& run, Told& told) {
  std::size_t event = 0;
  std::size_t in_tree = 0;
  const slice_record* now = nullptr;
  for (auto next = run.slices().begin();;) {
    if (now != nullptr && event == now->events_until && in_tree == now->tree_until) {
      told.ends(*now);
      now = nullptr;
    } else if (now == nullptr && next != run.slices().end() && event == next->events_from &&
               in_tree == next->tree_from) {
      now = &*next++;
      told.begins(*now);
    } else if (in_tree != run.tree().size() && run.tree()[in_tree].events_before <= event) {
      told.happened(run.tree()[in_tree++]);
    } else if (event != run.events().size()) {
      told.happened(run.events()[event], event);
      ++event;
    } else {
      return;
    }
  }
}

} // namespace troupe::detail
