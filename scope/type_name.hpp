// What a type is called in a message to people.

#pragma once

#include <string>
#include <typeinfo>

namespace troupe::detail {

/// As it is written in the program, with its namespaces.
std::string type_name(const std::type_info& type);

} // namespace troupe::detail
