#include <tests/savina/trees.hpp>

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

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

/// Where a node is in the tree: it says all of what the node wants.
struct tree_place {
  std::uint64_t seed;
  std::size_t height = 0;

  std::size_t children_wanted(const cobwebbed_tree_size& size) const {
    return height < 2 || seeded_random{seed}.below(1'000) < size.chance_in_1000 ? size.children : 0;
  }
  tree_place child(std::size_t index) const { return {seeded_random{seed + index}.next(), height + 1}; }
};

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

/// Nodes that a tree without an arbiter has, but not more than there may be.
std::size_t nodes_wanted(tree_place root, const cobwebbed_tree_size& size) {
  std::vector<tree_place> places{root};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const tree_place at = places[i];
    for (std::size_t n = 0; n < at.children_wanted(size); ++n) {
      places.push_back(at.child(n));
      if (places.size() == size.nodes_max)
        return size.nodes_max;
    }
  }
  return places.size();
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
  const std::size_t wanted = nodes_wanted(root, size);
  findings wrong;
  wrong.equal("nodes that the root counts", counted, wanted);
  wrong.all_left("nodes", nodes, wanted);
  co_return wrong;
}

// ---- SV-20: what goes up goes as an answer, so that no quadrant waits for the one above it

namespace {

struct point {
  double x, y;

  double distance_to(const point& other) const { return std::hypot(x - other.x, y - other.y); }
};

/// A square, by its least corner.
struct square {
  point corner;
  double side;

  std::size_t quarter_of(const point& at) const {
    return (at.x >= corner.x + side / 2 ? 1U : 0U) + (at.y >= corner.y + side / 2 ? 2U : 0U);
  }
  square quarter(std::size_t index) const {
    const double half = side / 2;
    return {{corner.x + (index % 2 == 0 ? 0 : half), corner.y + (index < 2 ? 0 : half)}, half};
  }
};

struct facility_totals {
  std::size_t customers = 0, facilities = 0, quadrants = 1;

  void add(const facility_totals& other) {
    customers += other.customers;
    facilities += other.facilities;
    quadrants += other.quadrants;
  }
  bool operator==(const facility_totals&) const = default;
};

struct customer_at {
  point where;
};
struct report {
  reply<facility_totals> to;
};
using quadrant_message = message<customer_at, report>;

/// What a quadrant decides by itself.
struct quadrant_state {
  square area;
  std::size_t depth_left;
  std::vector<point> facilities; ///< That it knows of.
  double cost = 0;
  facility_totals own{};

  /// Serves a customer here. True: that was too much, and it splits.
  bool serve(const point& who, double cost_max) {
    ++own.customers;
    double nearest = who.distance_to(facilities.front());
    for (const point& each : facilities)
      nearest = std::min(nearest, who.distance_to(each));
    cost += nearest;
    if (cost <= cost_max * area.side || depth_left == 0)
      return false;
    facilities.push_back(who);
    ++own.facilities;
    return true;
  }
  quadrant_state quarter(std::size_t index) const { return {area.quarter(index), depth_left - 1, facilities}; }
};

quadrant_state whole_area(const facility_location_size& size) {
  return {{{0, 0}, 1}, size.depth_max, {point{0.5, 0.5}}};
}

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

point draw_point(seeded_random& random) {
  const auto x = static_cast<double>(random.below(1'000'000));
  const auto y = static_cast<double>(random.below(1'000'000));
  return {x / 1e6, y / 1e6};
}

/// The same quadrants one after the other: each gets its customers in the same order, so it decides the same.
class sequential_quadrant {
public:
  explicit sequential_quadrant(quadrant_state state) : state_(std::move(state)) {}

  void serve(const point& who, double cost_max) {
    if (!quarters_.empty())
      quarters_[state_.area.quarter_of(who)].serve(who, cost_max);
    else if (state_.serve(who, cost_max))
      for (std::size_t i = 0; i < 4; ++i)
        quarters_.emplace_back(state_.quarter(i));
  }
  facility_totals totals() const {
    facility_totals sum = state_.own;
    for (const sequential_quadrant& each : quarters_)
      sum.add(each.totals());
    return sum;
  }

private:
  quadrant_state state_;
  std::vector<sequential_quadrant> quarters_;
};

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
  sequential_quadrant wanted{whole_area(size)};
  seeded_random random{how.seed};
  for (std::size_t i = 0; i < size.points; ++i)
    wanted.serve(draw_point(random), size.cost_max);
  findings wrong;
  wrong.equal("customers of all facilities", totals.customers, size.points);
  wrong.equal("quadrants", totals.quadrants, 4 * totals.facilities + 1);
  wrong.expect(totals == wanted.totals(), "the tree is that of a sequential computation");
  wrong.all_left("quadrants", quadrants, totals.quadrants);
  co_return wrong;
}

// ---- SV-24 ----------------------------------------------------------------------------------------------------------

namespace {

using numbers = std::vector<std::uint64_t>;

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
      numbers sorted = std::move(asked.what);
      if (sorted.size() <= leaf) {
        std::sort(sorted.begin(), sorted.end());
        asked.to(std::move(sorted));
        co_return;
      }
      const std::uint64_t pivot = sorted[sorted.size() / 2];
      const auto equal = std::partition(sorted.begin(), sorted.end(), [&](auto each) { return each < pivot; });
      const auto above = std::partition(equal, sorted.end(), [&](auto each) { return each == pivot; });
      numbers less(sorted.begin(), equal), greater(above, sorted.end());
      sorted.erase(above, sorted.end());
      sorted.erase(sorted.begin(), equal);
      co_await in_task_group([&](task_group& group) {
        for (numbers* const part : {&less, &greater})
          group.start(
              ask_sorted,
              group.start_actor(bounded(how), quick_sorter, std::max<std::size_t>(leaf, 1), how, std::ref(sorters)),
              std::move(*part), std::ref(*part));
      });
      less.insert(less.end(), sorted.begin(), sorted.end());
      less.insert(less.end(), greater.begin(), greater.end());
      asked.to(std::move(less));
    });
}

} // namespace

task<findings> quicksort(quicksort_size size, setting how) {
  numbers input(size.values);
  seeded_random random{how.seed};
  for (std::uint64_t& each : input)
    each = random.below(2 * size.values);
  attendance sorters;
  numbers output;
  co_await in_task_group([&](task_group& group) {
    group.start(ask_sorted, group.start_actor(bounded(how), quick_sorter, size.leaf, how, std::ref(sorters)), input,
                std::ref(output));
  });
  findings wrong;
  wrong.equal("numbers", output.size(), size.values);
  wrong.expect(std::is_sorted(output.begin(), output.end()), "the output is sorted");
  std::sort(input.begin(), input.end());
  wrong.expect(output == input, "the output is the sorted input");
  wrong.equal("actors that ended", sorters.ended.load(), sorters.begun.load());
  co_return wrong;
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
  std::uint64_t wanted = 1, before = 0;
  for (unsigned n = 1; n < size.n; ++n)
    before = std::exchange(wanted, wanted + before);
  findings wrong;
  wrong.equal("number", number, wanted);
  wrong.all_left("actors", calls, 2 * wanted - 1);
  co_return wrong;
}

} // namespace troupe::savina
