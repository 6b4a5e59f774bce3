// What the programs of the Savina suite compute in which an actor asks another one while it serves, and what must come
// of it: whoever's actors do it.

#pragma once

#include <tests/savina/nested_asks.hpp>

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::savina {

// ---- SV-14 ----------------------------------------------------------------------------------------------------------

inline double rate_of(std::size_t series) { return 3.46 + static_cast<double>(series) * 0.0025; }
inline double first_term_of(std::size_t series) { return static_cast<double>(series + 1) * 0.0025; }
inline double next_term_of(double rate, double term) { return rate * term * (1 - term); }

/// @param terms  the last of each series
inline findings judged(const std::vector<double>& terms, const logistic_map_size& size) {
  double sum = 0, wanted = 0;
  for (std::size_t i = 0; i < size.series; ++i) {
    sum += terms[i];
    double term = first_term_of(i);
    for (std::size_t n = 0; n < size.terms; ++n)
      term = next_term_of(rate_of(i), term);
    wanted += term;
  }
  findings wrong;
  wrong.expect(sum == wanted, "the sum is that of a sequential computation, to the last bit");
  return wrong;
}

// ---- SV-15 ----------------------------------------------------------------------------------------------------------

inline constexpr std::int64_t first_balance = 100'000;

struct drawn_transfer {
  std::size_t source, destination;
  std::int64_t amount;
};

enum class transfer_order { ascending, any };

/// The transfers of one teller, one after the other.
class transfers_of {
public:
  transfers_of(std::size_t teller, const banking_size& size, transfer_order order, std::uint64_t seed)
      : size_(size), order_(order), random_(seed * 1'000'003 + teller),
        left_(size.transfers / size.tellers + (teller < size.transfers % size.tellers ? 1 : 0)) {}

  bool any_left() const noexcept { return left_ != 0; }
  /// @pre any_left()
  drawn_transfer next() {
    --left_;
    const std::size_t one = random_.below(size_.accounts);
    const std::size_t other = (one + 1 + random_.below(size_.accounts - 1)) % size_.accounts;
    const auto amount = static_cast<std::int64_t>(1 + random_.below(1'000));
    if (order_ == transfer_order::ascending)
      return {std::min(one, other), std::max(one, other), amount};
    return {one, other, amount};
  }

private:
  banking_size size_;
  transfer_order order_;
  seeded_random random_;
  std::size_t left_;
};

inline std::vector<std::int64_t> balances_wanted(const banking_size& size, transfer_order order, std::uint64_t seed) {
  std::vector<std::int64_t> balances(size.accounts, first_balance);
  for (std::size_t teller = 0; teller < size.tellers; ++teller)
    for (transfers_of all{teller, size, order, seed}; all.any_left();) {
      const drawn_transfer drawn = all.next();
      balances[drawn.source] -= drawn.amount;
      balances[drawn.destination] += drawn.amount;
    }
  return balances;
}

inline findings judged(const std::vector<std::int64_t>& balances, std::size_t acknowledged, const banking_size& size,
                       transfer_order order, std::uint64_t seed) {
  findings wrong;
  std::int64_t sum = 0;
  for (const std::int64_t each : balances)
    sum += each;
  wrong.equal("transfers that were acknowledged", acknowledged, size.transfers);
  wrong.equal("sum of all balances", sum, first_balance * static_cast<std::int64_t>(size.accounts));
  wrong.expect(balances == balances_wanted(size, order, seed), "each balance is what its transfers make of it");
  return wrong;
}

} // namespace troupe::savina
