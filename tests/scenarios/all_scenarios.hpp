// The scenarios that there are, each in a file of its name.

#pragma once

#include <tests/scenarios/scenario.hpp>

namespace troupe::tests {

// What users build:
scenario crawler();
scenario pool();
scenario order_service();
scenario fan_out();
scenario flaky_dependency();
scenario proxy();
scenario connection_server();
scenario storm();
scenario ask_cycle();

// What shows a fault of the library itself:
scenario mailbox_traffic();
scenario supervised_crash();
scenario nested_deadlines();
scenario exit_stacks();
scenario nested_groups();

} // namespace troupe::tests
