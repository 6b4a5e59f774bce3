// Named places where a test may let a program fail.

#pragma once

#include <stdexcept>
#include <string_view>

namespace troupe {

/// What a fault throws that a test has injected.
class injected_fault : public std::runtime_error {
public:
  explicit injected_fault(std::string_view where);
};

/// A place where something outside of the program could fail: reading a file, connecting, committing. Under a test that
/// has planned it, it throws; elsewhere it does nothing, for the price of a look at whose executor this is.
///
/// Name it as a path of what fails: "ledger.commit".
///
/// @throws `injected_fault`, or what the plan says
/// @thread any; outside of a fiber it does nothing
void fault_point(std::string_view name);

} // namespace troupe
