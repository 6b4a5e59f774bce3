#include <troupe/scope/executor.hpp>
#include <troupe/scope/fault_point.hpp>
#include <troupe/scope/fiber.hpp>

#include <string>

namespace troupe {

injected_fault::injected_fault(std::string_view where)
    : std::runtime_error("a fault that a test has injected at " + std::string(where)) {}

void fault_point(std::string_view name) {
  if (const fiber* const self = this_fiber::pointer(); self != nullptr)
    self->runs_on().reach_fault_point(name);
}

} // namespace troupe
