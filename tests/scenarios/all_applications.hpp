// The scenarios that there are, each in a file of its name.

#pragma once

#include <tests/scenarios/application.hpp>

namespace troupe::tests {

// What users build:
application_kind crawler();
application_kind pool();
application_kind order_service();
application_kind fan_out();
application_kind flaky_dependency();
application_kind proxy();
application_kind connection_server();
application_kind storm();
application_kind ask_cycle();

// What shows a fault of the library itself:
application_kind mailbox_traffic();
application_kind supervised_crash();
application_kind nested_deadlines();
application_kind exit_stacks();
application_kind nested_groups();

} // namespace troupe::tests
