// SV-19 on CAF's own actors: a tree whose shape is drawn, an actor for each node.

#include "caf_programs.hpp"

#include <tests/savina/tree_problems.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace troupe::savina::on_caf {

// ---- SV-19 ----------------------------------------------------------------------------------------------------------

namespace {

using may_have_atom = caf::atom_constant<caf::atom("mayhave")>;
using count_atom = caf::atom_constant<caf::atom("count")>;

/// Ends when no node refers to it any more.
class node_arbiter : public caf::event_based_actor {
public:
  node_arbiter(caf::actor_config& config, std::size_t left) : event_based_actor(config), left_(left) {}

  caf::behavior make_behavior() override {
    return {[this](may_have_atom, std::size_t children) {
      const std::size_t granted = std::min(children, left_);
      left_ -= granted;
      return granted;
    }};
  }

private:
  std::size_t left_;
};

/// Grows by itself, and ends with its answer to how many nodes there are from here on. What it waits for refers to it:
/// nobody else has to.
class tree_node : public caf::event_based_actor {
public:
  tree_node(caf::actor_config& config, tree_place at, caf::actor arbiter, const cobwebbed_tree_size& size,
            attendance& nodes)
      : event_based_actor(config), at_(at), arbiter_(std::move(arbiter)), size_(size), nodes_(nodes) {
    ++nodes_.begun;
  }

  caf::behavior make_behavior() override {
    if (const std::size_t children = at_.children_wanted(size_); children > 0) {
      waits_for_ = 1;
      request(arbiter_, caf::infinite, may_have_atom::value, children).then([this](std::size_t granted) {
        waits_for_ = granted;
        for (std::size_t i = 0; i < granted; ++i)
          request(spawn<tree_node>(at_.child(i), arbiter_, std::cref(size_), std::ref(nodes_)), caf::infinite,
                  count_atom::value)
              .then([this](std::size_t nodes_there) {
                counted_ += nodes_there;
                --waits_for_;
                answer_when_counted();
              });
        answer_when_counted();
      });
    }
    return {[this](count_atom) {
      asked_ = make_response_promise();
      answer_when_counted();
    }};
  }

  void on_exit() override { ++nodes_.ended; }

private:
  void answer_when_counted() {
    if (waits_for_ > 0 || !asked_.pending())
      return;
    asked_.deliver(counted_);
    quit();
  }

  tree_place at_;
  caf::actor arbiter_;
  const cobwebbed_tree_size& size_;
  attendance& nodes_;
  std::size_t counted_ = 1, waits_for_ = 0;
  caf::response_promise asked_;
};

/// Has no behavior: it ends when the root has answered.
class tree_counter : public caf::event_based_actor {
public:
  tree_counter(caf::actor_config& config, caf::actor root, std::size_t& counted)
      : event_based_actor(config), root_(std::move(root)), counted_(counted) {}

  caf::behavior make_behavior() override {
    request(root_, caf::infinite, count_atom::value).then([this](std::size_t nodes) { counted_ = nodes; });
    return {};
  }

private:
  caf::actor root_;
  std::size_t& counted_;
};

} // namespace

std::string uct(caf::actor_system& in, std::uint64_t seed) {
  const cobwebbed_tree_size size;
  const tree_place root{seed};
  attendance nodes;
  std::size_t counted = 0;
  in.spawn<tree_counter>(
      in.spawn<tree_node>(root, in.spawn<node_arbiter>(size.nodes_max - 1), std::cref(size), std::ref(nodes)),
      std::ref(counted));
  in.await_all_actors_done();
  return judged(counted, nodes, root, size).text();
}

} // namespace troupe::savina::on_caf
