#include <tests/savina/pipelines.hpp>

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <numeric>
#include <optional>

namespace troupe::savina {

namespace {

struct value {
  std::uint64_t is;
};

std::vector<std::uint64_t> drawn_values(std::size_t count, std::uint64_t below, const setting& how) {
  std::vector<std::uint64_t> values(count);
  seeded_random random{how.seed};
  for (std::uint64_t& each : values)
    each = random.below(below);
  return values;
}

/// The output of a sorting program is the sorted input, and so has its sum.
void expect_sorted(const std::vector<std::uint64_t>& output, std::vector<std::uint64_t> input, findings& wrong) {
  wrong.equal("values at the end", output.size(), input.size());
  wrong.expect(std::is_sorted(output.begin(), output.end()), "the output is sorted");
  const std::uint64_t none = 0;
  wrong.equal("sum at the end", std::accumulate(output.begin(), output.end(), none),
              std::accumulate(input.begin(), input.end(), none));
  std::sort(input.begin(), input.end());
  wrong.expect(output == input, "the output is the sorted input");
}

} // namespace

// ---- SV-16 ----------------------------------------------------------------------------------------------------------

namespace {

/// Passes on what has no such bit at once, and the rest at the end, each in the order in which it came.
task<> radix_stage(inbox<message<value>> in, std::uint64_t bit, actor_ref<message<value>> onward) {
  std::vector<std::uint64_t> ones;
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

task<> collector(inbox<message<value>> in, std::vector<std::uint64_t>& all) {
  while (auto next = co_await in.receive())
    co_await next->match([&](value& told) { all.push_back(told.is); });
}

task<> source_of(const std::vector<std::uint64_t>& values, actor_ref<message<value>> onward) {
  for (const std::uint64_t each : values)
    co_await onward.tell<value>(each);
}

} // namespace

task<findings> radix_sort(radix_sort_size size, setting how) {
  const std::vector<std::uint64_t> input = drawn_values(size.values, std::uint64_t{1} << size.bits, how);
  std::vector<std::uint64_t> output;
  co_await in_task_group([&](task_group& group) {
    actor_ref stage = group.start_actor(bounded(how), collector, std::ref(output));
    for (unsigned bit = size.bits; bit-- > 0;) // from the end of the pipeline, which has the highest bit
      stage = group.start_actor(bounded(how), radix_stage, std::uint64_t{1} << bit, stage);
    group.start(source_of, std::cref(input), stage);
  });
  findings wrong;
  expect_sorted(output, input, wrong);
  co_return wrong;
}

// ---- SV-17 ----------------------------------------------------------------------------------------------------------

namespace {

struct sample {
  std::size_t channel;
  double value;
};
using sample_message = message<sample>;

/// Finite impulse response: each output is a sum over the last inputs.
task<> filter(inbox<sample_message> in, std::vector<double> coefficients, actor_ref<sample_message> onward) {
  std::vector<double> last(coefficients.size());
  std::size_t newest = 0;
  while (auto next = co_await in.receive())
    co_await next->match([&](sample& told) -> task<> {
      newest = (newest + last.size() - 1) % last.size();
      last[newest] = told.value;
      double sum = 0;
      for (std::size_t k = 0; k < coefficients.size(); ++k)
        sum += coefficients[k] * last[(newest + k) % last.size()];
      co_await onward.tell<sample>(told.channel, sum);
    });
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
  std::vector<std::deque<double>> ahead(channels);
  while (auto next = co_await in.receive())
    co_await next->match([&](sample& told) -> task<> {
      ahead[told.channel].push_back(told.value);
      if (std::any_of(ahead.begin(), ahead.end(), [](const auto& each) { return each.empty(); }))
        co_return;
      double sum = 0;
      for (std::deque<double>& each : ahead) {
        sum += each.front();
        each.pop_front();
      }
      co_await onward.tell<sample>(channels, sum);
    });
}

task<> sink(inbox<sample_message> in, std::vector<double>& output) {
  while (auto next = co_await in.receive())
    co_await next->match([&](sample& told) { output.push_back(told.value); });
}

double input_at(std::size_t n) { return static_cast<double>(n % 1'000); }

task<> splitter(std::vector<actor_ref<sample_message>> channels, std::size_t simulations) {
  for (std::size_t n = 0; n < simulations; ++n)
    for (std::size_t i = 0; i < channels.size(); ++i)
      co_await channels[i].tell<sample>(i, input_at(n));
}

/// Of the first filter of a channel, and of the second one.
std::vector<double> first_coefficients(std::size_t columns, std::size_t channel) {
  std::vector<double> all(columns);
  for (std::size_t k = 0; k < columns; ++k)
    all[k] = static_cast<double>(k * columns + channel * columns + k + channel) / 1e6;
  return all;
}
std::vector<double> second_coefficients(std::size_t columns, std::size_t channel) {
  std::vector<double> all(columns);
  for (std::size_t k = 0; k < columns; ++k)
    all[k] = static_cast<double>(channel * k + channel * channel + k + channel) / 1e6;
  return all;
}

std::vector<double> filtered(const std::vector<double>& input, const std::vector<double>& coefficients) {
  std::vector<double> output(input.size());
  for (std::size_t n = 0; n < input.size(); ++n)
    for (std::size_t k = 0; k < coefficients.size() && k <= n; ++k)
      output[n] += coefficients[k] * input[n - k];
  return output;
}

std::vector<double> output_wanted(const filter_bank_size& size) {
  std::vector<double> sum(size.simulations);
  std::vector<double> input(size.simulations);
  for (std::size_t n = 0; n < size.simulations; ++n)
    input[n] = input_at(n);
  for (std::size_t channel = 0; channel < size.channels; ++channel) {
    std::vector<double> signal = filtered(input, first_coefficients(size.columns, channel));
    for (std::size_t n = 0; n < signal.size(); ++n)
      if (n % size.channels != 0)
        signal[n] = 0;
    signal = filtered(signal, second_coefficients(size.columns, channel));
    for (std::size_t n = 0; n < signal.size(); ++n)
      sum[n] += signal[n];
  }
  return sum;
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
  const std::vector<double> wanted = output_wanted(size);
  findings wrong;
  wrong.equal("samples at the end", output.size(), size.simulations);
  wrong.expect(output == wanted, "the output is that of a sequential computation, to the last bit");
  co_return wrong;
}

// ---- SV-18 ----------------------------------------------------------------------------------------------------------

namespace {

struct sieve_books {
  std::atomic<std::uint64_t> primes{0}, sum{0};
  attendance stages;
};

task<> sieve_stage(inbox<message<value>> in, task_group& group, std::size_t primes_max, setting how,
                   sieve_books& books) {
  const presence here{books.stages};
  std::vector<std::uint64_t> primes;
  std::optional<actor_ref<message<value>>> onward;
  while (auto next = co_await in.receive())
    co_await next->match([&](value& told) -> task<> {
      if (std::any_of(primes.begin(), primes.end(), [&](std::uint64_t prime) { return told.is % prime == 0; }))
        co_return;
      if (primes.size() < primes_max) {
        primes.push_back(told.is);
        co_return;
      }
      if (!onward)
        onward = group.start_actor(bounded(how), sieve_stage, std::ref(group), primes_max, how, std::ref(books));
      co_await onward->tell<value>(told.is);
    });
  books.primes += primes.size();
  books.sum += std::accumulate(primes.begin(), primes.end(), std::uint64_t{0});
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
  std::uint64_t primes = 0, sum = 0;
  std::vector<bool> composite(size.below);
  for (std::uint64_t each = 2; each < size.below; ++each) {
    if (composite[each])
      continue;
    ++primes;
    sum += each;
    for (std::uint64_t multiple = 2 * each; multiple < size.below; multiple += each)
      composite[multiple] = true;
  }
  findings wrong;
  wrong.equal("primes", books.primes.load(), primes);
  wrong.equal("sum of the primes", books.sum.load(), sum);
  wrong.all_left("stages", books.stages, (primes + size.primes_max - 1) / size.primes_max);
  co_return wrong;
}

// ---- SV-30 ----------------------------------------------------------------------------------------------------------

namespace {

struct on_wire {
  std::size_t wire;
  std::uint64_t value;
};
using wire_message = message<on_wire>;

struct comparison {
  std::size_t smaller_to, greater_to; // wires
};

task<> comparator(inbox<wire_message> in, comparison of, actor_ref<wire_message> smaller_to,
                  actor_ref<wire_message> greater_to) {
  std::vector<std::uint64_t> both;
  while (auto next = co_await in.receive()) {
    co_await next->match([&](on_wire& told) { both.push_back(told.value); });
    if (both.size() == 2)
      break;
  }
  co_await smaller_to.tell<on_wire>(of.smaller_to, std::min(both[0], both[1]));
  co_await greater_to.tell<on_wire>(of.greater_to, std::max(both[0], both[1]));
}

task<> end_of_wires(inbox<wire_message> in, std::vector<std::uint64_t>& values, std::size_t& came) {
  while (auto next = co_await in.receive())
    co_await next->match([&](on_wire& told) {
      values[told.wire] = told.value;
      ++came;
    });
}

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

task<> source_of_wires(const std::vector<std::uint64_t>& values, std::vector<actor_ref<wire_message>> wires) {
  for (std::size_t i = 0; i < values.size(); ++i)
    co_await wires[i].tell<on_wire>(i, values[i]);
}

} // namespace

task<findings> bitonic_sort(bitonic_sort_size size, setting how) {
  const std::vector<std::uint64_t> input = drawn_values(size.values, std::uint64_t{1} << 32U, how);
  std::vector<std::uint64_t> output(size.values);
  std::size_t came = 0;
  co_await in_task_group([&](task_group& group) {
    // Where the value on a wire goes next, seen from the end of the network.
    std::vector<actor_ref<wire_message>> wires(
        size.values, group.start_actor(bounded(how), end_of_wires, std::ref(output), std::ref(came)));
    const std::vector<comparison> all = comparisons(size.values);
    for (auto each = all.rbegin(); each != all.rend(); ++each)
      wires[each->smaller_to] = wires[each->greater_to] =
          group.start_actor(bounded(how), comparator, *each, wires[each->smaller_to], wires[each->greater_to]);
    group.start(source_of_wires, std::cref(input), std::move(wires));
  });
  findings wrong;
  wrong.equal("values that came", came, size.values);
  expect_sorted(output, input, wrong);
  co_return wrong;
}

} // namespace troupe::savina
