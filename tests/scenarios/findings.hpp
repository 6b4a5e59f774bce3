// What the books of a scenario say to be wrong, and of which invariant that is a violation.

#pragma once

#include <troupe/testing/violation.hpp>

#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

struct finding {
  invariant of;
  std::string what;
};
using findings = std::vector<finding>;

inline findings operator+(findings all, findings more) {
  for (finding& each : more)
    all.push_back(std::move(each));
  return all;
}

} // namespace troupe::tests
