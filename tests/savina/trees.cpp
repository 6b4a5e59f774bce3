#include <tests/savina/trees.hpp>

#include <tests/savina/tree_problems.hpp>

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace troupe::savina {

// ---- SV-19 ----------------------------------------------------------------------------------------------------------

namespace {

struct may_have {
  std::size_t children;
  reply<std::size_t> to; // so many of them
};
struct count_nodes {
  reply<std::size_t> to;
};

task<> node_arbiter(inbox<message<may_have>> in, std::size_t left) {
  while (auto next = co_await in.receive())
    co_await next->match([&](may_have& asked) {
      const std::size_t granted = std::min(asked.children, left);
      left -= granted;
      asked.to(granted);
    });
}

task<> tree_node(inbox<message<count_nodes>> in, tree_place at, actor_ref<message<may_have>> arbiter,
                 cobwebbed_tree_size size, setting how, attendance& nodes) {
  const presence here{nodes};
  std::size_t counted = 1;
  std::size_t children = at.children_wanted(size);
  if (children > 0)
    children = co_await arbiter.ask<may_have>(children);
  if (children > 0)
    co_await in_task_group([&](task_group& group) -> task<> {
      std::vector<actor_ref<message<count_nodes>>> below;
      for (std::size_t i = 0; i < children; ++i)
        below.push_back(group.start_actor(bounded(how), tree_node, at.child(i), arbiter, size, how, std::ref(nodes)));
      for (const auto& each : below) {
        const std::size_t nodes_there = co_await each.ask<count_nodes>();
        counted += nodes_there;
      }
    });
  if (auto next = co_await in.receive())
    co_await next->match([&](count_nodes& asked) { asked.to(counted); });
}

} // namespace

task<findings> cobwebbed_tree(cobwebbed_tree_size size, setting how) {
  const tree_place root{how.seed};
  attendance nodes;
  std::size_t counted = 0;
  co_await in_task_group([&](task_group& group) -> task<> {
    const actor_ref arbiter = group.start_actor(bounded(how), node_arbiter, size.nodes_max - 1);
    const actor_ref top = group.start_actor(bounded(how), tree_node, root, arbiter, size, how, std::ref(nodes));
    counted = co_await top.ask<count_nodes>();
  });
  co_return judged(counted, nodes, root, size);
}

// ---- SV-20: what goes up goes as an answer, so that no quadrant waits for the one above it

namespace {

struct customer_at {
  point where;
};
struct report {
  reply<facility_totals> to;
};
using quadrant_message = message<customer_at, report>;

task<> quadrant(inbox<quadrant_message> in, quadrant_state state, double cost_max, setting how, attendance& all) {
  const presence here{all};
  co_await in_task_group([&](task_group& group) -> task<> {
    std::vector<actor_ref<quadrant_message>> quarters;
    while (auto next = co_await in.receive())
      co_await next->match(
          [&](customer_at& told) -> task<> {
            if (!quarters.empty())
              co_await quarters[state.area.quarter_of(told.where)].tell<customer_at>(told.where);
            else if (state.serve(told.where, cost_max))
              for (std::size_t i = 0; i < 4; ++i)
                quarters.push_back(
                    group.start_actor(bounded(how), quadrant, state.quarter(i), cost_max, how, std::ref(all)));
          },
          [&](report& asked) -> task<> {
            facility_totals sum = state.own;
            for (const auto& each : quarters) {
              const facility_totals below = co_await each.ask<report>();
              sum.add(below);
            }
            asked.to(sum);
          });
  });
}

} // namespace

task<findings> facility_location(facility_location_size size, setting how) {
  facility_totals totals;
  attendance quadrants;
  co_await in_task_group([&](task_group& group) -> task<> {
    const actor_ref top =
        group.start_actor(bounded(how), quadrant, whole_area(size), size.cost_max, how, std::ref(quadrants));
    seeded_random random{how.seed};
    for (std::size_t i = 0; i < size.points; ++i)
      co_await top.tell<customer_at>(draw_point(random));
    totals = co_await top.ask<report>();
  });
  co_return judged(totals, quadrants, size, how.seed);
}

// ---- SV-24 ----------------------------------------------------------------------------------------------------------

namespace {

struct sort_numbers {
  numbers what;
  reply<numbers> to;
};

task<> ask_sorted(actor_ref<message<sort_numbers>> whom, numbers what, numbers& into) {
  into = co_await whom.ask<sort_numbers>(std::move(what));
}

task<> quick_sorter(inbox<message<sort_numbers>> in, std::size_t leaf, setting how, attendance& sorters) {
  const presence here{sorters};
  if (auto next = co_await in.receive())
    co_await next->match([&](sort_numbers& asked) -> task<> {
      if (asked.what.size() <= leaf) {
        std::sort(asked.what.begin(), asked.what.end());
        asked.to(std::move(asked.what));
        co_return;
      }
      parted_numbers parts = parted(std::move(asked.what));
      co_await in_task_group([&](task_group& group) {
        for (numbers* const part : {&parts.less, &parts.greater})
          group.start(
              ask_sorted,
              group.start_actor(bounded(how), quick_sorter, std::max<std::size_t>(leaf, 1), how, std::ref(sorters)),
              std::move(*part), std::ref(*part));
      });
      asked.to(parts.join());
    });
}

} // namespace

task<findings> quicksort(quicksort_size size, setting how) {
  const numbers input = input_of(size, how.seed);
  attendance sorters;
  numbers output;
  co_await in_task_group([&](task_group& group) {
    group.start(ask_sorted, group.start_actor(bounded(how), quick_sorter, size.leaf, how, std::ref(sorters)), input,
                std::ref(output));
  });
  co_return judged(output, input, sorters);
}

// ---- SV-29 ----------------------------------------------------------------------------------------------------------

namespace {

struct get_number {
  reply<std::uint64_t> to;
};

/// Computes as soon as it is there, and answers who asks: so two siblings compute at the same time.
task<> fibonacci_call(inbox<message<get_number>> in, unsigned n, setting how, attendance& calls) {
  const presence here{calls};
  std::uint64_t number = 1;
  if (n > 2)
    co_await in_task_group([&](task_group& group) -> task<> {
      const actor_ref one = group.start_actor(bounded(how), fibonacci_call, n - 1, how, std::ref(calls));
      const actor_ref two = group.start_actor(bounded(how), fibonacci_call, n - 2, how, std::ref(calls));
      const std::uint64_t first = co_await one.ask<get_number>();
      const std::uint64_t second = co_await two.ask<get_number>();
      number = first + second;
    });
  if (auto next = co_await in.receive())
    co_await next->match([&](get_number& asked) { asked.to(number); });
}

} // namespace

task<findings> fibonacci(fibonacci_size size, setting how) {
  attendance calls;
  std::uint64_t number = 0;
  co_await in_task_group([&](task_group& group) -> task<> {
    const actor_ref top = group.start_actor(bounded(how), fibonacci_call, size.n, how, std::ref(calls));
    number = co_await top.ask<get_number>();
  });
  co_return judged(number, calls, size);
}

} // namespace troupe::savina
