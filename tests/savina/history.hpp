// What clients of one server have seen of it, and whether some order of all operations explains that.

#pragma once

#include <tests/savina/savina.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace troupe::savina {

enum class operation_kind : std::uint8_t { read, write, size };

/// What a client asks for. A size has neither key nor value.
struct operation {
  operation_kind what = operation_kind::read;
  int key = 0;
  int value = 0;
};

/// The answer: what the server found, and how many operations it had done before.
struct done {
  long result = 0;
  std::size_t position = 0;
};

/// One operation as its client saw it. The instants are drawn from one counter that all clients share.
struct observed {
  operation asked;
  done answer;
  std::uint64_t invoked = 0, returned = 0;
};

/// Finds whether the history is linearizable (Herlihy, Wing 1990), with the server's own order as the witness: done in
/// that order, a sequential `model(operation)` gives each client its result; and what had returned before another was
/// invoked comes before it.
template <class Model>
void explain(std::vector<observed> history, Model model, findings& wrong) {
  std::sort(history.begin(), history.end(),
            [](const observed& a, const observed& b) { return a.answer.position < b.answer.position; });
  std::size_t misplaced = 0, unexplained = 0, overtaken = 0;
  for (std::size_t i = 0; i < history.size(); ++i) {
    misplaced += history[i].answer.position == i ? 0 : 1;
    unexplained += history[i].answer.result == model(history[i].asked) ? 0 : 1;
  }
  std::uint64_t first_returned = std::numeric_limits<std::uint64_t>::max(); // of those that are later in the order
  for (std::size_t i = history.size(); i-- > 0;) {
    overtaken += first_returned < history[i].invoked ? 1 : 0;
    first_returned = std::min(first_returned, history[i].returned);
  }
  wrong.equal("operations that have no place of their own in the order", misplaced, 0);
  wrong.equal("results that a sequential model does not give", unexplained, 0);
  wrong.equal("operations that come after one that began when they had returned", overtaken, 0);
}

} // namespace troupe::savina
