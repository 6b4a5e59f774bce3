#include <tests/scenarios/all_scenarios.hpp>

namespace troupe::tests {

const std::vector<scenario>& all_scenarios() {
  static const std::vector<scenario> all{
      crawler(),           pool(),          order_service(), fan_out(),         flaky_dependency(), proxy(),
      connection_server(), storm(),         ask_cycle(),     mailbox_traffic(), supervised_crash(), nested_deadlines(),
      exit_stacks(),       nested_groups(),
  };
  return all;
}

} // namespace troupe::tests
