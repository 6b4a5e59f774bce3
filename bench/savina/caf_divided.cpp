// SV-24, SV-29 and SV-30 on CAF's own actors: an actor for each part, of one's own or of a network.

#include "caf_programs.hpp"

#include <tests/savina/pipeline_problems.hpp>
#include <tests/savina/tree_problems.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

// ---- SV-24 ----------------------------------------------------------------------------------------------------------

namespace {

/// Sorts what it is asked to, once.
class quick_sorter : public caf::event_based_actor {
public:
  quick_sorter(caf::actor_config& config, std::size_t leaf, attendance& sorters)
      : event_based_actor(config), leaf_(leaf), sorters_(sorters) {
    ++sorters_.begun;
  }

  caf::behavior make_behavior() override {
    return {[this](numbers& what) { // not const: it is moved out
      asked_ = make_response_promise();
      if (what.size() > leaf_)
        return divide(std::move(what));
      std::sort(what.begin(), what.end());
      answer(std::move(what));
    }};
  }
  void on_exit() override { ++sorters_.ended; }

private:
  void divide(numbers what) {
    parts_ = parted(std::move(what));
    for (numbers* const part : {&parts_.less, &parts_.greater})
      request(spawn<quick_sorter>(std::max<std::size_t>(leaf_, 1), sorters_), caf::infinite, std::move(*part))
          .then([this, part](numbers& sorted) {
            *part = std::move(sorted);
            if (--unsorted_ == 0)
              answer(parts_.join());
          });
  }
  void answer(numbers sorted) {
    asked_.deliver(std::move(sorted));
    quit();
  }

  const std::size_t leaf_;
  attendance& sorters_;
  caf::response_promise asked_;
  parted_numbers parts_;
  int unsorted_ = 2;
};

} // namespace

std::string quicksort(caf::actor_system& in, std::uint64_t seed) {
  const quicksort_size size;
  const numbers input = input_of(size, seed);
  attendance sorters;
  numbers output;
  bool answered = true;
  {
    const caf::scoped_actor self{in};
    self->request(in.spawn<quick_sorter>(size.leaf, sorters), caf::infinite, input)
        .receive([&output](numbers& sorted) { output = std::move(sorted); },
                 [&answered](const caf::error&) { answered = false; });
  }
  in.await_all_actors_done();
  findings wrong = judged(output, input, sorters);
  wrong.expect(answered, "the numbers are sorted");
  return wrong.text();
}

// ---- SV-29 ----------------------------------------------------------------------------------------------------------

namespace {

using get_atom = caf::atom_constant<caf::atom("get")>;

/// One call: answers who asks, and ends.
class fibonacci_call : public caf::event_based_actor {
public:
  fibonacci_call(caf::actor_config& config, unsigned n, attendance& calls)
      : event_based_actor(config), n_(n), calls_(calls) {
    ++calls_.begun;
  }

  caf::behavior make_behavior() override {
    return {[this](get_atom) {
      asked_ = make_response_promise();
      if (n_ <= 2)
        return answer(1);
      for (const unsigned n : {n_ - 1, n_ - 2}) // both at the same time
        request(spawn<fibonacci_call>(n, calls_), caf::infinite, get_atom::value).then([this](std::uint64_t number) {
          sum_ += number;
          if (--unknown_ == 0)
            answer(sum_);
        });
    }};
  }
  void on_exit() override { ++calls_.ended; }

private:
  void answer(std::uint64_t number) {
    asked_.deliver(number);
    quit();
  }

  const unsigned n_;
  attendance& calls_;
  caf::response_promise asked_;
  std::uint64_t sum_ = 0;
  int unknown_ = 2;
};

} // namespace

std::string fib(caf::actor_system& in, std::uint64_t) {
  const fibonacci_size size;
  attendance calls;
  std::uint64_t number = 0;
  bool answered = true;
  {
    const caf::scoped_actor self{in};
    self->request(in.spawn<fibonacci_call>(size.n, calls), caf::infinite, get_atom::value)
        .receive([&number](std::uint64_t answer) { number = answer; },
                 [&answered](const caf::error&) { answered = false; });
  }
  in.await_all_actors_done();
  findings wrong = judged(number, calls, size);
  wrong.expect(answered, "the call is answered");
  return wrong.text();
}

// ---- SV-30: a message is a wire and the value on it -----------------------------------------------------------------

namespace {

class comparator : public caf::event_based_actor {
public:
  comparator(caf::actor_config& config, comparison of, caf::actor smaller_to, caf::actor greater_to)
      : event_based_actor(config), of_(of), smaller_to_(std::move(smaller_to)), greater_to_(std::move(greater_to)) {}

  caf::behavior make_behavior() override {
    return {[this](std::size_t, std::uint64_t value) {
      if (!has_first_) {
        first_ = value;
        has_first_ = true;
        return;
      }
      send(smaller_to_, of_.smaller_to, std::min(first_, value));
      send(greater_to_, of_.greater_to, std::max(first_, value));
      quit();
    }};
  }

private:
  const comparison of_;
  const caf::actor smaller_to_, greater_to_;
  std::uint64_t first_ = 0;
  bool has_first_ = false;
};

/// Ends when a value has come for each wire.
class end_of_wires : public caf::event_based_actor {
public:
  end_of_wires(caf::actor_config& config, bitonic_books& books) : event_based_actor(config), books_(books) {}

  caf::behavior make_behavior() override {
    return {[this](std::size_t wire, std::uint64_t value) {
      books_.values[wire] = value;
      if (++books_.came == books_.values.size())
        quit();
    }};
  }

private:
  bitonic_books& books_;
};

} // namespace

std::string bitonicsort(caf::actor_system& in, std::uint64_t seed) {
  const bitonic_sort_size size;
  const numbers input = input_of(size, seed);
  bitonic_books books{size.values};
  {
    // Where the value on a wire goes next, seen from the end of the network.
    std::vector<caf::actor> wires(size.values, in.spawn<end_of_wires>(books));
    const std::vector<comparison> all = comparisons(size.values);
    for (auto each = all.rbegin(); each != all.rend(); ++each)
      wires[each->smaller_to] = wires[each->greater_to] =
          in.spawn<comparator>(*each, wires[each->smaller_to], wires[each->greater_to]);
    for (std::size_t i = 0; i < input.size(); ++i)
      caf::anon_send(wires[i], i, input[i]);
  }
  in.await_all_actors_done();
  return judged(books, input, size).text();
}

} // namespace troupe::savina::on_caf
