// SV-20 on CAF's own actors: points come to a quadtree, an actor for each quadrant.

#include "caf_programs.hpp"

#include <tests/savina/trees.hpp>

#include <troupe/simulation/random.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

// ---- SV-20 ----------------------------------------------------------------------------------------------------------

namespace {

using customer_atom = caf::atom_constant<caf::atom("customer")>;
using report_atom = caf::atom_constant<caf::atom("report")>;

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

template <class Inspector>
typename Inspector::result_type inspect(Inspector& with, facility_totals& of) {
  return with(of.customers, of.facilities, of.quadrants);
}

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

/// Ends when the quadrant above it does.
class facility_quadrant : public caf::event_based_actor {
public:
  facility_quadrant(caf::actor_config& config, quadrant_state state, double cost_max, attendance& all)
      : event_based_actor(config), state_(std::move(state)), cost_max_(cost_max), all_(all) {
    ++all_.begun;
  }

  caf::behavior make_behavior() override {
    return {[this](customer_atom, double x, double y) { take({x, y}); }, [this](report_atom) { report(); }};
  }

  void on_exit() override { ++all_.ended; }

private:
  void take(const point& who) {
    if (!quarters_.empty())
      send(quarters_[state_.area.quarter_of(who)], customer_atom::value, who.x, who.y);
    else if (state_.serve(who, cost_max_))
      for (std::size_t i = 0; i < 4; ++i)
        quarters_.push_back(spawn<facility_quadrant>(state_.quarter(i), cost_max_, std::ref(all_)));
  }
  void report() {
    asked_ = make_response_promise();
    sum_ = state_.own;
    waits_for_ = quarters_.size();
    for (const caf::actor& each : quarters_)
      request(each, caf::infinite, report_atom::value).then([this](const facility_totals& below) {
        sum_.add(below);
        if (--waits_for_ == 0)
          asked_.deliver(sum_);
      });
    if (waits_for_ == 0)
      asked_.deliver(sum_);
  }

  quadrant_state state_;
  double cost_max_;
  attendance& all_;
  std::vector<caf::actor> quarters_;
  caf::response_promise asked_;
  facility_totals sum_;
  std::size_t waits_for_ = 0;
};

point draw_point(seeded_random& random) {
  const auto x = static_cast<double>(random.below(1'000'000));
  const auto y = static_cast<double>(random.below(1'000'000));
  return {x / 1e6, y / 1e6};
}

/// Has no behavior: it ends when it has the report on all customers.
class customer_source : public caf::event_based_actor {
public:
  customer_source(caf::actor_config& config, caf::actor top, std::size_t points, std::uint64_t seed,
                  facility_totals& totals)
      : event_based_actor(config), top_(std::move(top)), points_(points), random_(seed), totals_(totals) {}

  caf::behavior make_behavior() override {
    for (std::size_t i = 0; i < points_; ++i) {
      const point where = draw_point(random_);
      send(top_, customer_atom::value, where.x, where.y);
    }
    request(top_, caf::infinite, report_atom::value).then([this](const facility_totals& all) { totals_ = all; });
    return {};
  }

private:
  caf::actor top_;
  std::size_t points_;
  seeded_random random_;
  facility_totals& totals_;
};

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

std::string facloc(caf::actor_system& in, std::uint64_t seed) {
  const facility_location_size size;
  facility_totals totals;
  attendance quadrants;
  in.spawn<customer_source>(in.spawn<facility_quadrant>(whole_area(size), size.cost_max, std::ref(quadrants)),
                            size.points, seed, std::ref(totals));
  in.await_all_actors_done();
  sequential_quadrant wanted{whole_area(size)};
  seeded_random random{seed};
  for (std::size_t i = 0; i < size.points; ++i)
    wanted.serve(draw_point(random), size.cost_max);
  findings wrong;
  wrong.equal("customers of all facilities", totals.customers, size.points);
  wrong.equal("quadrants", totals.quadrants, 4 * totals.facilities + 1);
  wrong.expect(totals == wanted.totals(), "the tree is that of a sequential computation");
  wrong.all_left("quadrants", quadrants, totals.quadrants);
  return wrong.text();
}

} // namespace troupe::savina::on_caf
