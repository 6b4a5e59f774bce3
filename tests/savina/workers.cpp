#include <tests/savina/workers.hpp>

#include <tests/savina/cube.hpp>
#include <tests/savina/fixed_point.hpp>
#include <tests/savina/work_pool.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::savina {

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

} // namespace

task<findings> trapezoid(trapezoid_size size, setting how) {
  std::vector<stretch> items;
  for (std::size_t i = 0; i < size.workers; ++i)
    items.push_back({size.pieces * i / size.workers, size.pieces * (i + 1) / size.workers});
  attendance workers;
  double sum = 0;
  co_await in_task_group([&](task_group& group) {
    start_work<stretch, double>(
        group, items, size.workers, how, workers,
        [pieces = size.pieces](const stretch& of) {
          return worked<stretch, double>{area(of, pieces), {}};
        },
        [&sum](worked<stretch, double>& done) {
          sum += *done.result;
          return true;
        });
  });
  const double wanted = area({0, size.pieces}, size.pieces);
  findings wrong;
  wrong.expect(std::abs(sum - wanted) < 1e-9, "the area is that of a sequential computation, but for 1e-9");
  wrong.all_left("workers", workers, size.workers);
  co_return wrong;
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

task<findings> pi_digits(pi_size size, setting how) {
  const std::size_t words = size.digits * 10 / 96 + 4; // 32 bits are 9.6 digits; two words are lost by rounding
  std::size_t next_term = 2 * size.workers;
  std::vector<term_number> first;
  for (std::size_t k = 0; k < next_term; ++k)
    first.push_back({k});
  fixed_point sum{words};
  attendance workers;
  co_await in_task_group([&](task_group& group) {
    start_work<term_number, fixed_point>(
        group, first, size.workers, how, workers,
        [words](const term_number& of) {
          return worked<term_number, fixed_point>{term_of_pi(of.k, words), {}};
        },
        [&](worked<term_number, fixed_point>& done) {
          sum.add(*done.result);
          if (!done.result->is_zero()) // else it is not needed any more, but those under way may be
            done.more.push_back({next_term++});
          return true;
        });
  });
  const std::string digits = std::move(sum).digits(size.digits);
  findings wrong;
  wrong.expect(digits == spigot(size.digits), "the digits are those of another algorithm");
  wrong.expect(digits.substr(0, pi_begins.size()) == pi_begins.substr(0, digits.size()), "the first digits are known");
  wrong.all_left("workers", workers, size.workers);
  co_return wrong;
}

// ---- SV-23 ----------------------------------------------------------------------------------------------------------

namespace {

/// The part of a product that a block of one matrix and a block of the other contribute.
struct product {
  std::size_t depth, row, column, inner, side;

  bool operator<(const product& other) const { return depth < other.depth; }
};
struct product_block {
  product of;
  std::vector<std::int64_t> values;
};
using matrix = std::vector<std::int64_t>;

worked<product, product_block> multiply(const product& of, const matrix& a, const matrix& b,
                                        const matrices_size& size) {
  worked<product, product_block> made;
  if (of.side > size.block) {
    const std::size_t half = of.side / 2;
    for (std::size_t i = 0; i < 8; ++i)
      made.more.push_back(
          {of.depth + 1, of.row + i % 2 * half, of.column + i / 2 % 2 * half, of.inner + i / 4 * half, half});
    return made;
  }
  made.result = product_block{of, matrix(of.side * of.side)};
  for (std::size_t i = 0; i < of.side; ++i)
    for (std::size_t k = 0; k < of.side; ++k) {
      const std::int64_t left = a[(of.row + i) * size.side + of.inner + k];
      for (std::size_t j = 0; j < of.side; ++j)
        made.result->values[i * of.side + j] += left * b[(of.inner + k) * size.side + of.column + j];
    }
  return made;
}

} // namespace

task<findings> matrix_product(matrices_size size, setting how) {
  matrix a(size.side * size.side), b(a.size()), c(a.size());
  const auto row = [size](std::size_t i) { return static_cast<std::int64_t>(i / size.side); };
  const auto column = [size](std::size_t i) { return static_cast<std::int64_t>(i % size.side); };
  for (std::size_t i = 0; i < a.size(); ++i) // not only the row, or the column: then every inner block gave the same
    a[i] = b[i] = row(i) + column(i);
  attendance workers;
  co_await in_task_group([&](task_group& group) {
    start_work<product, product_block>(
        group, {{0, 0, 0, 0, size.side}}, size.workers, how, workers,
        [&](const product& of) { return multiply(of, a, b, size); },
        [&](worked<product, product_block>& done) {
          if (done.result) {
            const product& of = done.result->of;
            for (std::size_t i = 0; i < done.result->values.size(); ++i)
              c[(of.row + i / of.side) * size.side + of.column + i % of.side] += done.result->values[i];
          }
          return true;
        });
  });
  const auto side = static_cast<std::int64_t>(size.side);
  std::size_t different = 0;
  for (std::size_t i = 0; i < c.size(); ++i) { // sum of (row + k)(column + k) over k
    const std::int64_t wanted = side * row(i) * column(i) + (row(i) + column(i)) * (side * (side - 1) / 2) +
                                (side - 1) * side * (2 * side - 1) / 6;
    different += c[i] == wanted ? 0 : 1;
  }
  findings wrong;
  wrong.equal("elements that differ from the formula", different, 0);
  wrong.all_left("workers", workers, size.workers);
  co_return wrong;
}

// ---- SV-27 ----------------------------------------------------------------------------------------------------------

namespace {

/// Where the search could go on, and where it came from.
struct frontier {
  std::size_t to_go; // at least
  std::size_t node, parent;

  bool operator<(const frontier& other) const { return to_go > other.to_go; }
};
struct no_result {};

constexpr std::size_t unseen = std::numeric_limits<std::size_t>::max();

bool reachable(const cube& in, std::size_t side) {
  std::vector<char> seen(in.nodes());
  std::vector<std::size_t> queue{0};
  seen[0] = 1;
  for (std::size_t i = 0; i < queue.size(); ++i)
    for (const std::size_t step : {std::size_t{1}, side, side * side})
      for (const std::size_t node : {queue[i] + step, queue[i] - step}) // below 0 is far beyond the end
        if (node < in.nodes() && in.adjacent(queue[i], node) && in.free(node) && seen[node] == 0) {
          seen[node] = 1;
          queue.push_back(node);
        }
  return seen[in.goal()] != 0;
}

/// From the goal back to the beginning, in steps that there are.
bool leads_back(const cube& in, const std::vector<std::size_t>& parents) {
  std::size_t at = in.goal();
  for (std::size_t steps = 0; at != 0; ++steps) {
    const std::size_t before = parents[at];
    if (steps == in.nodes() || before == unseen || !in.free(at) || !in.adjacent(at, before))
      return false;
    at = before;
  }
  return true;
}

} // namespace

task<findings> search(search_size size, setting how) {
  const cube in{size.side, size.walls_percent, how.seed};
  std::vector<std::size_t> parents(in.nodes(), unseen);
  parents[0] = 0;
  attendance workers;
  co_await in_task_group([&](task_group& group) {
    start_work<frontier, no_result>(
        group, {{in.to_go(0), 0, 0}}, size.workers, how, workers,
        [&in](const frontier& at) {
          worked<frontier, no_result> made;
          for (const std::size_t each : in.free_neighbours(at.node))
            made.more.push_back({in.to_go(each), each, at.node});
          return made;
        },
        [&](worked<frontier, no_result>& done) {
          std::erase_if(done.more, [&](const frontier& each) {
            return parents[each.node] != unseen || (parents[each.node] = each.parent, false);
          });
          return parents[in.goal()] == unseen; // found: enough
        });
  });
  findings wrong;
  if (reachable(in, size.side))
    wrong.expect(leads_back(in, parents), "the way leads from the goal back to the beginning");
  else
    wrong.expect(parents[in.goal()] == unseen, "nothing is found where there is no way");
  wrong.all_left("workers", workers, size.workers);
  co_return wrong;
}

// ---- SV-28 ----------------------------------------------------------------------------------------------------------

namespace {

/// Queens in the first rows, by what they attack in the next one.
struct placement {
  std::size_t placed = 0;
  std::uint32_t columns = 0, left = 0, right = 0;

  bool operator<(const placement& other) const { return placed < other.placed; }

  std::vector<placement> next(std::size_t side) const {
    std::vector<placement> all;
    const std::uint32_t attacked = columns | left | right;
    for (std::uint32_t bit = 1; bit < 1U << side; bit <<= 1U)
      if ((attacked & bit) == 0)
        all.push_back({placed + 1, columns | bit, (left | bit) << 1U, (right | bit) >> 1U});
    return all;
  }
  std::size_t solutions(std::size_t side) const {
    if (placed == side)
      return 1;
    std::size_t found = 0;
    for (const placement& each : next(side))
      found += each.solutions(side);
    return found;
  }
};

constexpr std::array<std::size_t, 17> known_solutions{1,   1,   0,    0,     2,     10,     4,       40,      92,
                                                      352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512};

} // namespace

task<findings> queens(queens_size size, setting how) {
  std::size_t found = 0;
  attendance workers;
  co_await in_task_group([&](task_group& group) {
    start_work<placement, std::size_t>(
        group, {placement{}}, size.workers, how, workers,
        [size](const placement& from) {
          if (from.placed < size.placed_alone)
            return worked<placement, std::size_t>{std::nullopt, from.next(size.side)};
          return worked<placement, std::size_t>{from.solutions(size.side), {}};
        },
        [&found, size](worked<placement, std::size_t>& done) {
          found += done.result.value_or(0);
          return found < size.limit;
        });
  });
  const std::size_t known = known_solutions[size.side];
  findings wrong;
  if (size.limit > known)
    wrong.equal("solutions", found, known);
  else
    wrong.expect(found >= size.limit && found <= known, "as many solutions as wanted, and no more than there are");
  wrong.all_left("workers", workers, size.workers);
  co_return wrong;
}

} // namespace troupe::savina
