// SV-24, SV-29 and SV-30 on CAF's own actors: an actor for each part, of one's own or of a network.

#include "caf_programs.hpp"

#include <tests/savina/pipelines.hpp>
#include <tests/savina/trees.hpp>

#include <troupe/simulation/random.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

namespace {

using numbers = std::vector<std::uint64_t>;

numbers drawn_numbers(std::size_t count, std::uint64_t below, std::uint64_t seed) {
  numbers all(count);
  seeded_random random{seed};
  for (std::uint64_t& each : all)
    each = random.below(below);
  return all;
}

} // namespace

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
      middle_ = std::move(what);
      if (middle_.size() > leaf_)
        return divide();
      std::sort(middle_.begin(), middle_.end());
      answer(std::move(middle_));
    }};
  }
  void on_exit() override { ++sorters_.ended; }

private:
  void divide() {
    const std::uint64_t pivot = middle_[middle_.size() / 2];
    const auto equal = std::partition(middle_.begin(), middle_.end(), [&](auto each) { return each < pivot; });
    const auto above = std::partition(equal, middle_.end(), [&](auto each) { return each == pivot; });
    less_.assign(middle_.begin(), equal);
    greater_.assign(above, middle_.end());
    middle_.erase(above, middle_.end());
    middle_.erase(middle_.begin(), equal);
    for (numbers* const part : {&less_, &greater_})
      request(spawn<quick_sorter>(std::max<std::size_t>(leaf_, 1), sorters_), caf::infinite, std::move(*part))
          .then([this, part](numbers& sorted) {
            *part = std::move(sorted);
            if (--unsorted_ == 0)
              join();
          });
  }
  void join() {
    less_.insert(less_.end(), middle_.begin(), middle_.end());
    less_.insert(less_.end(), greater_.begin(), greater_.end());
    answer(std::move(less_));
  }
  void answer(numbers sorted) {
    asked_.deliver(std::move(sorted));
    quit();
  }

  const std::size_t leaf_;
  attendance& sorters_;
  caf::response_promise asked_;
  numbers less_, middle_, greater_;
  int unsorted_ = 2;
};

} // namespace

std::string quicksort(caf::actor_system& in, std::uint64_t seed) {
  const quicksort_size size;
  numbers input = drawn_numbers(size.values, 2 * size.values, seed);
  attendance sorters;
  numbers output;
  findings wrong;
  {
    const caf::scoped_actor self{in};
    self->request(in.spawn<quick_sorter>(size.leaf, sorters), caf::infinite, input)
        .receive([&output](numbers& sorted) { output = std::move(sorted); },
                 [&wrong](const caf::error&) { wrong.expect(false, "the numbers are sorted"); });
  }
  in.await_all_actors_done();
  wrong.equal("numbers", output.size(), size.values);
  wrong.expect(std::is_sorted(output.begin(), output.end()), "the output is sorted");
  std::sort(input.begin(), input.end());
  wrong.expect(output == input, "the output is the sorted input");
  wrong.equal("actors that ended", sorters.ended.load(), sorters.begun.load());
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
  findings wrong;
  {
    const caf::scoped_actor self{in};
    self->request(in.spawn<fibonacci_call>(size.n, calls), caf::infinite, get_atom::value)
        .receive([&number](std::uint64_t answer) { number = answer; },
                 [&wrong](const caf::error&) { wrong.expect(false, "the call is answered"); });
  }
  in.await_all_actors_done();
  std::uint64_t wanted = 1, before = 0;
  for (unsigned n = 1; n < size.n; ++n)
    before = std::exchange(wanted, wanted + before);
  wrong.equal("number", number, wanted);
  wrong.all_left("actors", calls, 2 * wanted - 1);
  return wrong.text();
}

// ---- SV-30: a message is a wire and the value on it -----------------------------------------------------------------

namespace {

struct comparison {
  std::size_t smaller_to, greater_to; // wires
};

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
  end_of_wires(caf::actor_config& config, numbers& values, std::size_t& came)
      : event_based_actor(config), values_(values), came_(came) {}

  caf::behavior make_behavior() override {
    return {[this](std::size_t wire, std::uint64_t value) {
      values_[wire] = value;
      if (++came_ == values_.size())
        quit();
    }};
  }

private:
  numbers& values_;
  std::size_t& came_;
};

/// Of Batcher's network (1968), in the order in which they are made.
std::vector<comparison> comparisons(std::size_t wires) {
  std::vector<comparison> all;
  for (std::size_t run = 2; run <= wires; run *= 2)
    for (std::size_t distance = run / 2; distance > 0; distance /= 2)
      for (std::size_t wire = 0; wire < wires; ++wire)
        if (const std::size_t other = wire ^ distance; other > wire) {
          const bool ascending = (wire & run) == 0;
          all.push_back(ascending ? comparison{wire, other} : comparison{other, wire});
        }
  return all;
}

} // namespace

std::string bitonicsort(caf::actor_system& in, std::uint64_t seed) {
  const bitonic_sort_size size;
  numbers input = drawn_numbers(size.values, std::uint64_t{1} << 32U, seed);
  numbers output(size.values);
  std::size_t came = 0;
  {
    // Where the value on a wire goes next, seen from the end of the network.
    std::vector<caf::actor> wires(size.values, in.spawn<end_of_wires>(output, came));
    const std::vector<comparison> all = comparisons(size.values);
    for (auto each = all.rbegin(); each != all.rend(); ++each)
      wires[each->smaller_to] = wires[each->greater_to] =
          in.spawn<comparator>(*each, wires[each->smaller_to], wires[each->greater_to]);
    for (std::size_t i = 0; i < input.size(); ++i)
      caf::anon_send(wires[i], i, input[i]);
  }
  in.await_all_actors_done();
  findings wrong;
  wrong.equal("values that came", came, size.values);
  wrong.expect(std::is_sorted(output.begin(), output.end()), "the output is sorted");
  const std::uint64_t none = 0;
  wrong.equal("sum at the end", std::accumulate(output.begin(), output.end(), none),
              std::accumulate(input.begin(), input.end(), none));
  std::sort(input.begin(), input.end());
  wrong.expect(output == input, "the output is the sorted input");
  return wrong.text();
}

} // namespace troupe::savina::on_caf
