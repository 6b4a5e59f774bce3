#include <tests/savina/pipelines.hpp>

#include <tests/savina/pipeline_problems.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::savina {

namespace {

struct value {
  std::uint64_t is;
};

} // namespace

// ---- SV-16 ----------------------------------------------------------------------------------------------------------

namespace {

/// Passes on what has no such bit at once, and the rest at the end, each in the order in which it came.
task<> radix_stage(inbox<message<value>> in, std::uint64_t bit, actor_ref<message<value>> onward) {
  numbers ones;
  while (auto next = co_await in.receive())
    co_await next->match([&](value& told) -> task<> {
      if ((told.is & bit) != 0)
        ones.push_back(told.is);
      else
        co_await onward.tell<value>(told.is);
    });
  for (const std::uint64_t each : ones)
    co_await onward.tell<value>(each);
}

task<> collector(inbox<message<value>> in, numbers& all) {
  while (auto next = co_await in.receive())
    co_await next->match([&](value& told) { all.push_back(told.is); });
}

task<> source_of(const numbers& values, actor_ref<message<value>> onward) {
  for (const std::uint64_t each : values)
    co_await onward.tell<value>(each);
}

} // namespace

task<findings> radix_sort(radix_sort_size size, setting how) {
  const numbers input = input_of(size, how.seed);
  numbers output;
  co_await in_task_group([&](task_group& group) {
    actor_ref stage = group.start_actor(bounded(how), collector, std::ref(output));
    for (unsigned bit = size.bits; bit-- > 0;) // from the end of the pipeline, which has the highest bit
      stage = group.start_actor(bounded(how), radix_stage, std::uint64_t{1} << bit, stage);
    group.start(source_of, std::cref(input), stage);
  });
  co_return judged(output, input);
}

// ---- SV-17 ----------------------------------------------------------------------------------------------------------

namespace {

struct sample {
  std::size_t channel;
  double value;
};
using sample_message = message<sample>;

task<> filter(inbox<sample_message> in, std::vector<double> coefficients, actor_ref<sample_message> onward) {
  impulse_response response{std::move(coefficients)};
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](sample& told) -> task<> { co_await onward.tell<sample>(told.channel, response.next(told.value)); });
}

task<> sample_down(inbox<sample_message> in, std::size_t rate, actor_ref<sample_message> onward) {
  std::size_t count = 0;
  while (auto next = co_await in.receive())
    co_await next->match([&](sample& told) -> task<> {
      if (count++ % rate == 0)
        co_await onward.tell<sample>(told.channel, told.value);
    });
}

task<> sample_up(inbox<sample_message> in, std::size_t rate, actor_ref<sample_message> onward) {
  while (auto next = co_await in.receive())
    co_await next->match([&](sample& told) -> task<> {
      co_await onward.tell<sample>(told.channel, told.value);
      for (std::size_t i = 1; i < rate; ++i)
        co_await onward.tell<sample>(told.channel, 0.0);
    });
}

/// Adds up what has come from every channel. What is ahead waits here, and not in the mailbox, where it would keep the
/// others out.
task<> combiner(inbox<sample_message> in, std::size_t channels, actor_ref<sample_message> onward) {
  channel_sums sums{channels};
  while (auto next = co_await in.receive())
    co_await next->match([&](sample& told) -> task<> {
      if (const auto sum = sums.add(told.channel, told.value))
        co_await onward.tell<sample>(channels, *sum);
    });
}

task<> sink(inbox<sample_message> in, std::vector<double>& output) {
  while (auto next = co_await in.receive())
    co_await next->match([&](sample& told) { output.push_back(told.value); });
}

task<> splitter(std::vector<actor_ref<sample_message>> channels, std::size_t simulations) {
  for (std::size_t n = 0; n < simulations; ++n)
    for (std::size_t i = 0; i < channels.size(); ++i)
      co_await channels[i].tell<sample>(i, input_at(n));
}

} // namespace

task<findings> filter_bank(filter_bank_size size, setting how) {
  std::vector<double> output;
  co_await in_task_group([&](task_group& group) {
    const actor_ref combined = group.start_actor(bounded(how), combiner, size.channels,
                                                 group.start_actor(bounded(how), sink, std::ref(output)));
    std::vector<actor_ref<sample_message>> channels;
    for (std::size_t i = 0; i < size.channels; ++i) {
      const actor_ref second = group.start_actor(bounded(how), filter, second_coefficients(size.columns, i), combined);
      const actor_ref up = group.start_actor(bounded(how), sample_up, size.channels, second);
      const actor_ref down = group.start_actor(bounded(how), sample_down, size.channels, up);
      channels.push_back(group.start_actor(bounded(how), filter, first_coefficients(size.columns, i), down));
    }
    group.start(splitter, std::move(channels), size.simulations);
  });
  co_return judged(output, size);
}

// ---- SV-18 ----------------------------------------------------------------------------------------------------------

namespace {

task<> sieve_stage(inbox<message<value>> in, task_group& group, std::size_t primes_max, setting how,
                   sieve_books& books) {
  const presence here{books.stages};
  kept_primes kept{primes_max};
  std::optional<actor_ref<message<value>>> onward;
  while (auto next = co_await in.receive())
    co_await next->match([&](value& told) -> task<> {
      if (!kept.pass_on(told.is))
        co_return;
      if (!onward)
        onward = group.start_actor(bounded(how), sieve_stage, std::ref(group), primes_max, how, std::ref(books));
      co_await onward->tell<value>(told.is);
    });
  kept.enter_in(books);
}

task<> source_of_candidates(std::uint64_t below, actor_ref<message<value>> onward) {
  co_await onward.tell<value>(std::uint64_t{2});
  for (std::uint64_t each = 3; each < below; each += 2)
    co_await onward.tell<value>(each);
}

} // namespace

task<findings> sieve(sieve_size size, setting how) {
  sieve_books books;
  co_await in_task_group([&](task_group& group) {
    group.start(source_of_candidates, size.below,
                group.start_actor(bounded(how), sieve_stage, std::ref(group), size.primes_max, how, std::ref(books)));
  });
  co_return judged(books, size);
}

// ---- SV-30 ----------------------------------------------------------------------------------------------------------

namespace {

struct on_wire {
  std::size_t wire;
  std::uint64_t value;
};
using wire_message = message<on_wire>;

task<> comparator(inbox<wire_message> in, comparison of, actor_ref<wire_message> smaller_to,
                  actor_ref<wire_message> greater_to) {
  numbers both;
  while (auto next = co_await in.receive()) {
    co_await next->match([&](on_wire& told) { both.push_back(told.value); });
    if (both.size() == 2)
      break;
  }
  co_await smaller_to.tell<on_wire>(of.smaller_to, std::min(both[0], both[1]));
  co_await greater_to.tell<on_wire>(of.greater_to, std::max(both[0], both[1]));
}

task<> end_of_wires(inbox<wire_message> in, bitonic_books& books) {
  while (auto next = co_await in.receive())
    co_await next->match([&](on_wire& told) {
      books.values[told.wire] = told.value;
      ++books.came;
    });
}

task<> source_of_wires(const numbers& values, std::vector<actor_ref<wire_message>> wires) {
  for (std::size_t i = 0; i < values.size(); ++i)
    co_await wires[i].tell<on_wire>(i, values[i]);
}

} // namespace

task<findings> bitonic_sort(bitonic_sort_size size, setting how) {
  const numbers input = input_of(size, how.seed);
  bitonic_books books{size.values};
  co_await in_task_group([&](task_group& group) {
    // Where the value on a wire goes next, seen from the end of the network.
    std::vector<actor_ref<wire_message>> wires(size.values,
                                               group.start_actor(bounded(how), end_of_wires, std::ref(books)));
    const std::vector<comparison> all = comparisons(size.values);
    for (auto each = all.rbegin(); each != all.rend(); ++each)
      wires[each->smaller_to] = wires[each->greater_to] =
          group.start_actor(bounded(how), comparator, *each, wires[each->smaller_to], wires[each->greater_to]);
    group.start(source_of_wires, std::cref(input), std::move(wires));
  });
  co_return judged(books, input, size);
}

} // namespace troupe::savina
