#include <troupe/scope/type_name.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace troupe::detail {

std::string type_name(const std::type_info& type) {
  int failed = 0;
  const std::unique_ptr<char, decltype(&std::free)> name{abi::__cxa_demangle(type.name(), nullptr, nullptr, &failed),
                                                         &std::free};
  return failed == 0 ? name.get() : type.name();
}

} // namespace troupe::detail
