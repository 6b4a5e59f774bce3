// SV-20 on CAF's own actors: points come to a quadtree, an actor for each quadrant.

#include "caf_programs.hpp"

#include <tests/savina/tree_problems.hpp>

#include <troupe/simulation/random.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina {

// Beside the struct, where CAF looks for it.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& with, facility_totals& of) {
  return with(of.customers, of.facilities, of.quadrants);
}

} // namespace troupe::savina

namespace troupe::savina::on_caf {

// ---- SV-20 ----------------------------------------------------------------------------------------------------------

namespace {

using customer_atom = caf::atom_constant<caf::atom("customer")>;
using report_atom = caf::atom_constant<caf::atom("report")>;

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

} // namespace

std::string facloc(caf::actor_system& in, std::uint64_t seed) {
  const facility_location_size size;
  facility_totals totals;
  attendance quadrants;
  in.spawn<customer_source>(in.spawn<facility_quadrant>(whole_area(size), size.cost_max, std::ref(quadrants)),
                            size.points, seed, std::ref(totals));
  in.await_all_actors_done();
  return judged(totals, quadrants, size, seed).text();
}

} // namespace troupe::savina::on_caf
