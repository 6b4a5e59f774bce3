#include <tests/scenarios/all_applications.hpp>

namespace troupe::tests {

const std::vector<application_kind>& all_applications() {
  static const std::vector<application_kind> all{
      crawler(),           pool(),          order_service(), fan_out(),         flaky_dependency(), proxy(),
      connection_server(), storm(),         ask_cycle(),     mailbox_traffic(), supervised_crash(), nested_deadlines(),
      exit_stacks(),       nested_groups(),
  };
  return all;
}

} // namespace troupe::tests
