// Cycles of nodes each of which may wait for the next.

#pragma once

#include <troupe/topology/description.hpp>
#include <troupe/topology/finding_list.hpp>
#include <troupe/topology/kinds.hpp>

namespace troupe::topology {

/// Finds one cycle in each knot of nodes that may wait for each other, in linear time, and names each of its edges.
void find_waiting_cycles(const description& what, const kinds& known, finding_list& wrong);

} // namespace troupe::topology
