// What the workers of the Savina suite compute, and what must come out: whoever's actors they are.

#pragma once

#include <tests/savina/fixed_point.hpp>
#include <tests/savina/worker_problem.hpp>
#include <tests/savina/workers.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::savina {

// ---- SV-21 ----------------------------------------------------------------------------------------------------------

/// Of pieces first, first + 1, … below last.
struct stretch {
  std::size_t first, last;

  bool operator<(const stretch& other) const { return first > other.first; }
};

class integral {
public:
  using item = stretch;
  using result = double;

  explicit integral(const trapezoid_size& size) : size_(size) {}

  std::vector<item> first() const {
    std::vector<item> items;
    for (std::size_t i = 0; i < size_.workers; ++i)
      items.push_back({size_.pieces * i / size_.workers, size_.pieces * (i + 1) / size_.workers});
    return items;
  }
  worked<item, result> work(const item& of) const { return {area(of), {}}; }
  bool take(const worked<item, result>& done) {
    sum_ += *done.result;
    return true;
  }
  findings judged() const {
    const double wanted = area({0, size_.pieces});
    findings wrong;
    wrong.expect(std::abs(sum_ - wanted) < 1e-9, "the area is that of a sequential computation, but for 1e-9");
    return wrong;
  }

private:
  static constexpr double begin_at = 1, end_at = 5;

  static double curve(double x) { return std::sqrt(1 + x * x * x) * std::sin(x); }
  double area(const stretch& of) const {
    const double width = (end_at - begin_at) / static_cast<double>(size_.pieces);
    double sum = 0;
    for (std::size_t i = of.first; i < of.last; ++i) {
      const double left = begin_at + static_cast<double>(i) * width;
      sum += width * 0.5 * (curve(left) + curve(left + width));
    }
    return sum;
  }

  const trapezoid_size size_;
  double sum_ = 0;
};

// ---- SV-22: the terms of Bailey, Borwein and Plouffe (1997), compared with the spigot of Rabinowitz and Wagon (1995)

struct term_number {
  std::size_t k;

  bool operator<(const term_number& other) const { return k > other.k; }
};

/// (4/(8k+1) - 2/(8k+4) - 1/(8k+5) - 1/(8k+6)) / 16^k
inline fixed_point term_of_pi(std::size_t k, std::size_t words) {
  const auto base = static_cast<std::uint32_t>(8 * k);
  fixed_point term = fixed_point::fraction(4, k, base + 1, words);
  // Their sum is less, and each is rounded down: so is what is left, to no less than nothing.
  term.subtract(fixed_point::fraction(2, k, base + 4, words));
  term.subtract(fixed_point::fraction(1, k, base + 5, words));
  term.subtract(fixed_point::fraction(1, k, base + 6, words));
  return term;
}

inline std::string spigot(std::size_t count) {
  std::vector<std::uint64_t> mixed((count + 10) * 10 / 3 + 1, 2);
  std::string text;
  std::size_t nines = 0;
  while (text.size() + nines < count + 5) {
    std::uint64_t carry = 0;
    for (std::size_t i = mixed.size(); i > 0; --i) {
      const std::uint64_t x = 10 * mixed[i - 1] + carry * i;
      mixed[i - 1] = x % (2 * i - 1);
      carry = x / (2 * i - 1);
    }
    mixed[0] = carry % 10;
    carry /= 10;
    if (carry == 9) {
      ++nines;
      continue;
    }
    if (carry == 10) { // what was kept back is one more
      ++text.back();
      text.append(nines, '0');
      carry = 0;
    } else {
      text.append(nines, '9');
    }
    nines = 0;
    text += static_cast<char>('0' + carry);
  }
  text.append(nines, '9');
  return text.substr(0, count);
}

inline constexpr std::string_view pi_begins =
    "3141592653589793238462643383279502884197169399375105820974944592307816406286";

class series {
public:
  using item = term_number;
  using result = fixed_point;

  explicit series(const pi_size& size) : size_(size) {}

  std::vector<item> first() const {
    std::vector<item> items;
    for (std::size_t k = 0; k < next_term_; ++k)
      items.push_back({k});
    return items;
  }
  worked<item, result> work(const item& of) const { return {term_of_pi(of.k, words_), {}}; }
  bool take(worked<item, result>& done) {
    sum_.add(*done.result);
    if (!done.result->is_zero()) // else it is not needed any more, but those under way may be
      done.more.push_back({next_term_++});
    return true;
  }
  findings judged() const {
    const std::string digits = fixed_point{sum_}.digits(size_.digits);
    findings wrong;
    wrong.expect(digits == spigot(size_.digits), "the digits are those of another algorithm");
    wrong.expect(digits.substr(0, pi_begins.size()) == pi_begins.substr(0, digits.size()),
                 "the first digits are known");
    return wrong;
  }

private:
  const pi_size size_;
  const std::size_t words_ = size_.digits * 10 / 96 + 4; // 32 bits are 9.6 digits; two words are lost by rounding
  std::size_t next_term_ = 2 * size_.workers;
  fixed_point sum_{words_};
};

// ---- SV-23 ----------------------------------------------------------------------------------------------------------

using matrix = std::vector<std::int64_t>;

/// The part of a product that a block of one matrix and a block of the other contribute.
struct product {
  std::size_t depth, row, column, inner, side;

  bool operator<(const product& other) const { return depth < other.depth; }
};
struct product_block {
  product of;
  matrix values;
};

class multiplication {
public:
  using item = product;
  using result = product_block;

  explicit multiplication(const matrices_size& size)
      : size_(size), a_(size.side * size.side), b_(a_.size()), c_(a_.size()) {
    for (std::size_t i = 0; i < a_.size(); ++i) // not only the row, or the column: then every inner block gave the same
      a_[i] = b_[i] = row(i) + column(i);
  }

  std::vector<item> first() const { return {{0, 0, 0, 0, size_.side}}; }
  worked<item, result> work(const item& of) const {
    worked<item, result> made;
    if (of.side > size_.block) {
      const std::size_t half = of.side / 2;
      for (std::size_t i = 0; i < 8; ++i)
        made.more.push_back(
            {of.depth + 1, of.row + i % 2 * half, of.column + i / 2 % 2 * half, of.inner + i / 4 * half, half});
      return made;
    }
    made.result = product_block{of, matrix(of.side * of.side)};
    for (std::size_t i = 0; i < of.side; ++i)
      for (std::size_t k = 0; k < of.side; ++k) {
        const std::int64_t left = a_[(of.row + i) * size_.side + of.inner + k];
        for (std::size_t j = 0; j < of.side; ++j)
          made.result->values[i * of.side + j] += left * b_[(of.inner + k) * size_.side + of.column + j];
      }
    return made;
  }
  bool take(const worked<item, result>& done) {
    if (done.result) {
      const product& of = done.result->of;
      for (std::size_t i = 0; i < done.result->values.size(); ++i)
        c_[(of.row + i / of.side) * size_.side + of.column + i % of.side] += done.result->values[i];
    }
    return true;
  }
  findings judged() const {
    const auto side = static_cast<std::int64_t>(size_.side);
    std::size_t different = 0;
    for (std::size_t i = 0; i < c_.size(); ++i) { // sum of (row + k)(column + k) over k
      const std::int64_t wanted = side * row(i) * column(i) + (row(i) + column(i)) * (side * (side - 1) / 2) +
                                  (side - 1) * side * (2 * side - 1) / 6;
      different += c_[i] == wanted ? 0 : 1;
    }
    findings wrong;
    wrong.equal("elements that differ from the formula", different, 0);
    return wrong;
  }

private:
  std::int64_t row(std::size_t i) const { return static_cast<std::int64_t>(i / size_.side); }
  std::int64_t column(std::size_t i) const { return static_cast<std::int64_t>(i % size_.side); }

  const matrices_size size_;
  matrix a_, b_, c_; // a * b = c
};

} // namespace troupe::savina
