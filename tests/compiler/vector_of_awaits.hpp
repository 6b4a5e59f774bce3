// A shape that some compilers refuse, so only those that are known to take it include it in a program.

#pragma once

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/task.hpp>

#include <vector>

namespace troupe::tests {

inline task<int> number_for_vector(int value) {
  co_await yield();
  co_return value;
}

inline task<bool> vector_of_awaits() {
  std::vector<int> made{co_await number_for_vector(1), co_await number_for_vector(2)};
  co_return made.size() == 2 && made[0] == 1 && made[1] == 2;
}

} // namespace troupe::tests
