// What the programs of the Savina suite work on in which values flow from stage to stage, what a stage decides by
// itself, and what must come out: whoever's actors do it.

#pragma once

#include <tests/savina/pipelines.hpp>

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::savina {

using numbers = std::vector<std::uint64_t>;

inline numbers drawn_values(std::size_t count, std::uint64_t below, std::uint64_t seed) {
  numbers values(count);
  seeded_random random{seed};
  for (std::uint64_t& each : values)
    each = random.below(below);
  return values;
}

/// The output of a sorting program is the sorted input, and so has its sum.
inline void expect_sorted(const numbers& output, numbers input, findings& wrong) {
  wrong.equal("values at the end", output.size(), input.size());
  wrong.expect(std::is_sorted(output.begin(), output.end()), "the output is sorted");
  const std::uint64_t none = 0;
  wrong.equal("sum at the end", std::accumulate(output.begin(), output.end(), none),
              std::accumulate(input.begin(), input.end(), none));
  std::sort(input.begin(), input.end());
  wrong.expect(output == input, "the output is the sorted input");
}

// ---- SV-16 ----------------------------------------------------------------------------------------------------------

inline numbers input_of(const radix_sort_size& size, std::uint64_t seed) {
  return drawn_values(size.values, std::uint64_t{1} << size.bits, seed);
}

inline findings judged(const numbers& output, const numbers& input) {
  findings wrong;
  expect_sorted(output, input, wrong);
  return wrong;
}

// ---- SV-17 ----------------------------------------------------------------------------------------------------------

inline double input_at(std::size_t n) { return static_cast<double>(n % 1'000); }

/// Of the first filter of a channel, and of the second one.
inline std::vector<double> first_coefficients(std::size_t columns, std::size_t channel) {
  std::vector<double> all(columns);
  for (std::size_t k = 0; k < columns; ++k)
    all[k] = static_cast<double>(k * columns + channel * columns + k + channel) / 1e6;
  return all;
}
inline std::vector<double> second_coefficients(std::size_t columns, std::size_t channel) {
  std::vector<double> all(columns);
  for (std::size_t k = 0; k < columns; ++k)
    all[k] = static_cast<double>(channel * k + channel * channel + k + channel) / 1e6;
  return all;
}

/// Finite impulse response: each output is a sum over the last inputs.
class impulse_response {
public:
  explicit impulse_response(std::vector<double> coefficients)
      : coefficients_(std::move(coefficients)), last_(coefficients_.size()) {}

  double next(double value) {
    newest_ = (newest_ + last_.size() - 1) % last_.size();
    last_[newest_] = value;
    double sum = 0;
    for (std::size_t k = 0; k < coefficients_.size(); ++k)
      sum += coefficients_[k] * last_[(newest_ + k) % last_.size()];
    return sum;
  }

private:
  std::vector<double> coefficients_, last_; // a ring
  std::size_t newest_ = 0;
};

/// Adds up what has come from every channel.
class channel_sums {
public:
  explicit channel_sums(std::size_t channels) : ahead_(channels) {}

  /// A sum as soon as something has come from each of them.
  std::optional<double> add(std::size_t channel, double value) {
    ahead_[channel].push_back(value);
    if (std::any_of(ahead_.begin(), ahead_.end(), [](const auto& each) { return each.empty(); }))
      return std::nullopt;
    double sum = 0;
    for (std::deque<double>& each : ahead_) {
      sum += each.front();
      each.pop_front();
    }
    return sum;
  }

  std::size_t channels() const noexcept { return ahead_.size(); }

private:
  std::vector<std::deque<double>> ahead_;
};

inline std::vector<double> filtered(const std::vector<double>& input, const std::vector<double>& coefficients) {
  std::vector<double> output(input.size());
  for (std::size_t n = 0; n < input.size(); ++n)
    for (std::size_t k = 0; k < coefficients.size() && k <= n; ++k)
      output[n] += coefficients[k] * input[n - k];
  return output;
}

inline std::vector<double> output_wanted(const filter_bank_size& size) {
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

inline findings judged(const std::vector<double>& output, const filter_bank_size& size) {
  findings wrong;
  wrong.equal("samples at the end", output.size(), size.simulations);
  wrong.expect(output == output_wanted(size), "the output is that of a sequential computation, to the last bit");
  return wrong;
}

// ---- SV-18 ----------------------------------------------------------------------------------------------------------

struct sieve_books {
  std::atomic<std::uint64_t> primes{0}, sum{0};
  attendance stages;
};

/// What a stage keeps: the first primes that come.
class kept_primes {
public:
  explicit kept_primes(std::size_t primes_max) : primes_max_(primes_max) {}

  /// True: none of these divides it, and there is no room for it here.
  bool pass_on(std::uint64_t candidate) {
    if (std::any_of(primes_.begin(), primes_.end(), [&](std::uint64_t prime) { return candidate % prime == 0; }))
      return false;
    if (primes_.size() == primes_max_)
      return true;
    primes_.push_back(candidate);
    return false;
  }

  void enter_in(sieve_books& books) const {
    books.primes += primes_.size();
    books.sum += std::accumulate(primes_.begin(), primes_.end(), std::uint64_t{0});
  }

private:
  std::size_t primes_max_;
  numbers primes_;
};

inline findings judged(const sieve_books& books, const sieve_size& size) {
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
  return wrong;
}

// ---- SV-30 ----------------------------------------------------------------------------------------------------------

inline numbers input_of(const bitonic_sort_size& size, std::uint64_t seed) {
  return drawn_values(size.values, std::uint64_t{1} << 32U, seed);
}

struct comparison {
  std::size_t smaller_to, greater_to; // wires
};

/// Of Batcher's network (1968), in the order in which they are made.
inline std::vector<comparison> comparisons(std::size_t wires) {
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

/// What is at the end of the wires.
struct bitonic_books {
  explicit bitonic_books(std::size_t wires) : values(wires) {}

  numbers values;
  std::size_t came = 0;
};

inline findings judged(const bitonic_books& books, const numbers& input, const bitonic_sort_size& size) {
  findings wrong;
  wrong.equal("values that came", books.came, size.values);
  expect_sorted(books.values, input, wrong);
  return wrong;
}

} // namespace troupe::savina
