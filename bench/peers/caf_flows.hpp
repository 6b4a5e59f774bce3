// The CAF 1.x peer's pipeline, chain and fanin as flows. Each hop is an spsc_buffer of 100 (12 per producer of fanin)
// that asks for more when half of it is free: CAF's own bound. There is one consumer, because a flow has one.

#pragma once

#include "caf_common.hpp"

#if PEER_CAF_1

#include <caf/async/spsc_buffer.hpp>
#include <caf/scheduled_actor/flow.hpp>

#include <memory>
#include <vector>

namespace peer {

class flows {
public:
  explicit flows(caf::actor_system& system) : system_(system) {}

  void pipeline(int64_t n) { sink(source(0, n, bound)); }

  void chain(int64_t n) {
    auto numbers = source(0, n, bound);
    for (int k = 0; k < stage_count; ++k) {
      auto [pull, push] = caf::async::make_spsc_buffer_resource<item>(bound, bound / 2);
      system_.spawn([numbers, push = push](caf::event_based_actor* self) {
        self->make_observable().from_resource(numbers).map([](item value) { return value; }).subscribe(push);
      });
      numbers = pull;
    }
    sink(numbers);
  }

  void fanin(int64_t n) {
    const int64_t part = n / producer_count;
    std::vector<numbers_resource> sources;
    for (int k = 0; k < producer_count; ++k)
      sources.push_back(source(k * part, part, bound / producer_count));
    system_.spawn([sources](caf::event_based_actor* self) {
      std::vector<caf::flow::observable<item>> inputs;
      for (const auto& from : sources)
        inputs.push_back(self->make_observable().from_resource(from).as_observable());
      finish(self->make_observable().from_container(std::move(inputs)).merge(size_t{producer_count}));
    });
  }

private:
  using numbers_resource = caf::async::consumer_resource<item>;

  numbers_resource source(item first, int64_t count, uint32_t capacity) {
    auto [pull, push] = caf::async::make_spsc_buffer_resource<item>(capacity, capacity / 2);
    system_.spawn([first, count, push = push](caf::event_based_actor* self) {
      self->make_observable().iota(first).take(static_cast<size_t>(count)).subscribe(push);
    });
    return pull;
  }

  void sink(numbers_resource from) {
    system_.spawn([from](caf::event_based_actor* self) { finish(self->make_observable().from_resource(from)); });
  }

  /// Adds everything up; tells the board at the end.
  template <class Observable>
  static void finish(Observable&& numbers) {
    auto got = std::make_shared<totals>();
    std::forward<Observable>(numbers)
        .do_on_error([](const caf::error&) { fail("WRONG RESULT: the flow failed"); })
        .do_on_complete([got] {
          board.add(*got);
          board.finished.set_value();
        })
        .for_each([got](item value) { got->add(value); });
  }

  caf::actor_system& system_;
};

} // namespace peer

#endif
