// SV-21 to SV-23 on CAF's own actors: one master has many workers, who compute.

#include "caf_programs.hpp"
#include "caf_work_pool.hpp"

#include <tests/savina/fixed_point.hpp>
#include <tests/savina/workers.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

// ---- SV-21 ----------------------------------------------------------------------------------------------------------

namespace {

constexpr double begin_at = 1, end_at = 5;

double curve(double x) { return std::sqrt(1 + x * x * x) * std::sin(x); }

/// Of pieces first, first + 1, … below last.
struct stretch {
  std::size_t first, last;

  bool operator<(const stretch& other) const { return first > other.first; }
};

double area(const stretch& of, std::size_t pieces) {
  const double width = (end_at - begin_at) / static_cast<double>(pieces);
  double sum = 0;
  for (std::size_t i = of.first; i < of.last; ++i) {
    const double left = begin_at + static_cast<double>(i) * width;
    sum += width * 0.5 * (curve(left) + curve(left + width));
  }
  return sum;
}

struct integral {
  using item = stretch;
  using result = double;

  worked<item, result> work(const item& of) const { return {area(of, pieces), {}}; }
  bool take(const worked<item, result>& done) {
    sum += *done.result;
    return true;
  }

  std::size_t pieces;
  double sum = 0;
};

} // namespace

std::string trapezoid(caf::actor_system& in, std::uint64_t) {
  const trapezoid_size size;
  std::vector<stretch> items;
  for (std::size_t i = 0; i < size.workers; ++i)
    items.push_back({size.pieces * i / size.workers, size.pieces * (i + 1) / size.workers});
  attendance workers;
  integral all{size.pieces};
  run_work_pool(in, all, std::move(items), size.workers, workers);
  const double wanted = area({0, size.pieces}, size.pieces);
  findings wrong;
  wrong.expect(std::abs(all.sum - wanted) < 1e-9, "the area is that of a sequential computation, but for 1e-9");
  wrong.all_left("workers", workers, size.workers);
  return wrong.text();
}

// ---- SV-22: the terms of Bailey, Borwein and Plouffe (1997), compared with the spigot of Rabinowitz and Wagon (1995)

namespace {

/// (4/(8k+1) - 2/(8k+4) - 1/(8k+5) - 1/(8k+6)) / 16^k
fixed_point term_of_pi(std::size_t k, std::size_t words) {
  const auto base = static_cast<std::uint32_t>(8 * k);
  fixed_point term = fixed_point::fraction(4, k, base + 1, words);
  // Their sum is less, and each is rounded down: so is what is left, to no less than nothing.
  term.subtract(fixed_point::fraction(2, k, base + 4, words));
  term.subtract(fixed_point::fraction(1, k, base + 5, words));
  term.subtract(fixed_point::fraction(1, k, base + 6, words));
  return term;
}

struct term_number {
  std::size_t k;

  bool operator<(const term_number& other) const { return k > other.k; }
};

struct series {
  using item = term_number;
  using result = fixed_point;

  worked<item, result> work(const item& of) const { return {term_of_pi(of.k, words), {}}; }
  bool take(worked<item, result>& done) {
    sum.add(*done.result);
    if (!done.result->is_zero()) // else it is not needed any more, but those under way may be
      done.more.push_back({next_term++});
    return true;
  }

  std::size_t words, next_term;
  fixed_point sum;
};

std::string spigot(std::size_t count) {
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

constexpr std::string_view pi_begins = "3141592653589793238462643383279502884197169399375105820974944592307816406286";

} // namespace

std::string piprecision(caf::actor_system& in, std::uint64_t) {
  const pi_size size;
  const std::size_t words = size.digits * 10 / 96 + 4; // 32 bits are 9.6 digits; two words are lost by rounding
  std::vector<term_number> first;
  for (std::size_t k = 0; k < 2 * size.workers; ++k)
    first.push_back({k});
  attendance workers;
  series terms{words, first.size(), fixed_point{words}};
  run_work_pool(in, terms, std::move(first), size.workers, workers);
  const std::string digits = std::move(terms.sum).digits(size.digits);
  findings wrong;
  wrong.expect(digits == spigot(size.digits), "the digits are those of another algorithm");
  wrong.expect(digits.substr(0, pi_begins.size()) == pi_begins.substr(0, digits.size()), "the first digits are known");
  wrong.all_left("workers", workers, size.workers);
  return wrong.text();
}

// ---- SV-23 ----------------------------------------------------------------------------------------------------------

namespace {

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

  multiplication(const matrices_size& size, const matrix& a, const matrix& b)
      : size_(size), a_(a), b_(b), c_(a.size()) {}

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

  const matrix& product_so_far() const noexcept { return c_; }

private:
  const matrices_size size_;
  const matrix &a_, &b_;
  matrix c_;
};

} // namespace

std::string recmatmul(caf::actor_system& in, std::uint64_t) {
  const matrices_size size;
  matrix a(size.side * size.side), b(a.size());
  const auto row = [size](std::size_t i) { return static_cast<std::int64_t>(i / size.side); };
  const auto column = [size](std::size_t i) { return static_cast<std::int64_t>(i % size.side); };
  for (std::size_t i = 0; i < a.size(); ++i) // not only the row, or the column: then every inner block gave the same
    a[i] = b[i] = row(i) + column(i);
  attendance workers;
  multiplication all{size, a, b};
  run_work_pool(in, all, {{0, 0, 0, 0, size.side}}, size.workers, workers);
  const auto side = static_cast<std::int64_t>(size.side);
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) { // sum of (row + k)(column + k) over k
    const std::int64_t wanted = side * row(i) * column(i) + (row(i) + column(i)) * (side * (side - 1) / 2) +
                                (side - 1) * side * (2 * side - 1) / 6;
    different += all.product_so_far()[i] == wanted ? 0 : 1;
  }
  findings wrong;
  wrong.equal("elements that differ from the formula", different, 0);
  wrong.all_left("workers", workers, size.workers);
  return wrong.text();
}

} // namespace troupe::savina::on_caf
