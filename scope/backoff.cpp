#include <troupe/scope/backoff.hpp>
#include <troupe/scope/executor.hpp>

#include <algorithm>

namespace troupe::detail {

duration doubled(duration first, std::uint32_t times, duration longest) noexcept {
  longest = std::max(longest, duration::zero());
  duration wait = std::clamp(first, duration::zero(), longest);
  for (; times != 0 && wait != duration::zero() && wait < longest; --times)
    wait = wait > longest - wait ? longest : 2 * wait;
  return wait;
}

duration random_part(duration whole, double part, std::uint64_t random) noexcept {
  const double drawn = static_cast<double>(random >> 11U) / static_cast<double>(std::uint64_t{1} << 53U);
  const double gone = std::clamp(part, 0.0, 1.0) * drawn; // less than 1, so the product fits
  return whole - duration{static_cast<duration::rep>(static_cast<double>(whole.count()) * gone)};
}

std::uint64_t random_bits(executor& of, std::uint64_t salt) noexcept {
  // splitmix64 (Steele, Lea and Flood, 2014) of what no two calls share.
  std::uint64_t mixed = of.next_number() + salt * 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

} // namespace troupe::detail
