// Workers who fetch what is to be done next from one master, the most urgent first, on CAF's own actors.

#pragma once

#include <tests/savina/savina.hpp>
#include <tests/savina/worker_problem.hpp>

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

/// What a worker is to do next. Empty: nothing is to be done any more.
template <class Item>
struct assignment {
  std::optional<Item> item;
};

} // namespace troupe::savina::on_caf

namespace caf {

// Neither leaves the process.
template <class Item, class Result>
struct allowed_unsafe_message_type<troupe::savina::worked<Item, Result>> : std::true_type {};
template <class Item>
struct allowed_unsafe_message_type<troupe::savina::on_caf::assignment<Item>> : std::true_type {};

} // namespace caf

namespace troupe::savina::on_caf {

/// Of a worker who comes for the first time, and has done nothing yet.
using ready_atom = caf::atom_constant<caf::atom("ready")>;

/// Has no behaviour: it ends when it makes no further request.
template <class Problem>
class worker : public caf::event_based_actor {
public:
  worker(caf::actor_config& config, caf::actor from, const Problem& problem, attendance& workers)
      : event_based_actor(config), from_(std::move(from)), problem_(problem), workers_(workers) {
    ++workers_.begun;
  }

  caf::behavior make_behavior() override {
    fetch(ready_atom::value);
    return {};
  }
  void on_exit() override { ++workers_.ended; }

private:
  template <class Told>
  void fetch(Told told) {
    request(from_, caf::infinite, std::move(told)).then([this](const assignment<typename Problem::item>& next) {
      if (next.item)
        fetch(problem_.work(*next.item));
    });
  }

  const caf::actor from_;
  const Problem& problem_;
  attendance& workers_;
};

/// Gives out the items, the greatest first, until none is left and nobody works on one, or `take` says false: then
/// what is under way is not waited for. Who finds nothing to do waits for the answer to its request.
template <class Problem>
class master : public caf::event_based_actor {
public:
  using item = typename Problem::item;

  master(caf::actor_config& config, Problem& problem, std::size_t count, attendance& workers)
      : event_based_actor(config), problem_(problem), items_(problem.first()), count_(count), workers_(workers) {
    std::make_heap(items_.begin(), items_.end());
  }

  caf::behavior make_behavior() override {
    for (std::size_t i = 0; i < count_; ++i)
      spawn<worker<Problem>>(caf::actor{this}, std::as_const(problem_), workers_);
    return {[this](ready_atom) { serve(); },
            [this](worked_on<Problem>& made) { // not const: what it holds is moved out
              --under_way_;
              goes_on_ = goes_on_ && problem_.take(made);
              for (item& each : made.more) {
                items_.push_back(std::move(each));
                std::push_heap(items_.begin(), items_.end());
              }
              serve();
            }};
  }

private:
  /// Whoever asks now, and those who wait.
  void serve() {
    idle_.push_back(make_response_promise());
    while (goes_on_ && !idle_.empty() && !items_.empty()) {
      std::pop_heap(items_.begin(), items_.end());
      idle_.back().deliver(assignment<item>{std::move(items_.back())});
      items_.pop_back();
      idle_.pop_back();
      ++under_way_;
    }
    if (goes_on_ && (!items_.empty() || under_way_ > 0))
      return;
    for (caf::response_promise& each : idle_)
      each.deliver(assignment<item>{});
    dismissed_ += idle_.size();
    idle_.clear();
    if (dismissed_ == count_)
      quit();
  }

  Problem& problem_; // its `work` is called by all workers at a time, its `take` only here
  std::vector<item> items_;
  const std::size_t count_;
  attendance& workers_;
  std::vector<caf::response_promise> idle_;
  std::size_t under_way_ = 0, dismissed_ = 0;
  bool goes_on_ = true;
};

/// Runs a master and `count` workers, and returns once all have ended.
template <worker_problem Problem>
findings solve(caf::actor_system& in, Problem problem, std::size_t count) {
  attendance workers;
  in.spawn<master<Problem>>(problem, count, workers);
  in.await_all_actors_done();
  findings wrong = problem.judged();
  wrong.all_left("workers", workers, count);
  return wrong;
}

} // namespace troupe::savina::on_caf
