// Numbers of many digits, as far as a sum of fractions needs them.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::savina {

/// A number that is not negative, in words of 32 bits: the whole part, then the fraction.
class fixed_point {
public:
  fixed_point() = default;
  explicit fixed_point(std::size_t words) : words_(words) {}

  /// `numerator` / 16^k / divisor, rounded down.
  static fixed_point fraction(std::uint32_t numerator, std::size_t k, std::uint32_t divisor, std::size_t words) {
    fixed_point made{words};
    const std::size_t at = k / 8 + (k % 8 != 0 ? 1 : 0); // a word is 8 digits of base 16
    if (at < words)                                      // the first word's high half is free: the numerator has 3 bits
      made.words_[at] = k % 8 == 0 ? numerator : numerator << (4 * (8 - k % 8));
    made.divide(divisor);
    return made;
  }

  bool is_zero() const {
    return std::all_of(words_.begin(), words_.end(), [](std::uint32_t word) { return word == 0; });
  }
  void add(const fixed_point& other) {
    std::uint64_t carry = 0;
    for (std::size_t i = words_.size(); i-- > 0;) {
      carry += std::uint64_t{words_[i]} + other.words_[i];
      words_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32U;
    }
  }
  /// @pre the other one is not greater
  void subtract(const fixed_point& other) {
    std::int64_t borrowed = 0;
    for (std::size_t i = words_.size(); i-- > 0;) {
      borrowed += std::int64_t{words_[i]} - std::int64_t{other.words_[i]};
      words_[i] = static_cast<std::uint32_t>(borrowed);
      borrowed >>= 32U;
    }
  }
  /// The whole part's digit and `count - 1` more, without a point.
  std::string digits(std::size_t count) && {
    std::string text;
    while (text.size() < count) {
      text += static_cast<char>('0' + words_[0]);
      words_[0] = 0;
      std::uint64_t carry = 0;
      for (std::size_t i = words_.size(); i-- > 0;) {
        carry += std::uint64_t{words_[i]} * 10;
        words_[i] = static_cast<std::uint32_t>(carry);
        carry >>= 32U;
      }
    }
    return text;
  }

private:
  void divide(std::uint32_t by) {
    std::uint64_t rest = 0;
    for (std::uint32_t& word : words_) {
      rest = rest << 32U | word;
      word = static_cast<std::uint32_t>(rest / by);
      rest %= by;
    }
  }

  std::vector<std::uint32_t> words_;
};

} // namespace troupe::savina
