// What the programs of the Savina suite work on in which actors make actors, what an actor decides by itself, and what
// must come out: whoever's actors do it.

#pragma once

#include <tests/savina/pipeline_problems.hpp>
#include <tests/savina/trees.hpp>

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace troupe::savina {

// ---- SV-19 ----------------------------------------------------------------------------------------------------------

/// Where a node is in the tree: it says all of what the node wants.
struct tree_place {
  std::uint64_t seed;
  std::size_t height = 0;

  std::size_t children_wanted(const cobwebbed_tree_size& size) const {
    return height < 2 || seeded_random{seed}.below(1'000) < size.chance_in_1000 ? size.children : 0;
  }
  tree_place child(std::size_t index) const { return {seeded_random{seed + index}.next(), height + 1}; }
};

/// Nodes that a tree without an arbiter has, but not more than there may be.
inline std::size_t nodes_wanted(tree_place root, const cobwebbed_tree_size& size) {
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

inline findings judged(std::size_t counted, const attendance& nodes, tree_place root, const cobwebbed_tree_size& size) {
  const std::size_t wanted = nodes_wanted(root, size);
  findings wrong;
  wrong.equal("nodes that the root counts", counted, wanted);
  wrong.all_left("nodes", nodes, wanted);
  return wrong;
}

// ---- SV-20 ----------------------------------------------------------------------------------------------------------

struct point {
  double x, y;

  double distance_to(const point& other) const { return std::hypot(x - other.x, y - other.y); }
};

inline point draw_point(seeded_random& random) {
  const auto x = static_cast<double>(random.below(1'000'000));
  const auto y = static_cast<double>(random.below(1'000'000));
  return {x / 1e6, y / 1e6};
}

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

inline quadrant_state whole_area(const facility_location_size& size) {
  return {{{0, 0}, 1}, size.depth_max, {point{0.5, 0.5}}};
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

inline findings judged(const facility_totals& totals, const attendance& quadrants, const facility_location_size& size,
                       std::uint64_t seed) {
  sequential_quadrant wanted{whole_area(size)};
  seeded_random random{seed};
  for (std::size_t i = 0; i < size.points; ++i)
    wanted.serve(draw_point(random), size.cost_max);
  findings wrong;
  wrong.equal("customers of all facilities", totals.customers, size.points);
  wrong.equal("quadrants", totals.quadrants, 4 * totals.facilities + 1);
  wrong.expect(totals == wanted.totals(), "the tree is that of a sequential computation");
  wrong.all_left("quadrants", quadrants, totals.quadrants);
  return wrong;
}

// ---- SV-24 ----------------------------------------------------------------------------------------------------------

inline numbers input_of(const quicksort_size& size, std::uint64_t seed) {
  return drawn_values(size.values, 2 * size.values, seed);
}

/// What is to be sorted, by whether it is less than a pivot, the pivot itself, or greater.
struct parted_numbers {
  numbers less, middle, greater;

  /// Once what is less and what is greater is sorted. Takes what is less.
  numbers join() {
    less.insert(less.end(), middle.begin(), middle.end());
    less.insert(less.end(), greater.begin(), greater.end());
    return std::move(less);
  }
};

inline parted_numbers parted(numbers all) {
  const std::uint64_t pivot = all[all.size() / 2];
  const auto equal = std::partition(all.begin(), all.end(), [&](auto each) { return each < pivot; });
  const auto above = std::partition(equal, all.end(), [&](auto each) { return each == pivot; });
  numbers less(all.begin(), equal), greater(above, all.end());
  all.erase(above, all.end());
  all.erase(all.begin(), equal);
  return {std::move(less), std::move(all), std::move(greater)};
}

inline findings judged(const numbers& output, const numbers& input, const attendance& sorters) {
  findings wrong;
  expect_sorted(output, input, wrong);
  wrong.equal("actors that ended", sorters.ended.load(), sorters.begun.load());
  return wrong;
}

// ---- SV-29 ----------------------------------------------------------------------------------------------------------

inline findings judged(std::uint64_t number, const attendance& calls, const fibonacci_size& size) {
  std::uint64_t wanted = 1, before = 0;
  for (unsigned n = 1; n < size.n; ++n)
    before = std::exchange(wanted, wanted + before);
  findings wrong;
  wrong.equal("number", number, wanted);
  wrong.all_left("actors", calls, 2 * wanted - 1);
  return wrong;
}

} // namespace troupe::savina
