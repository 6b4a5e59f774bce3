#include <troupe/runtime/caf_error.hpp>
#include <troupe/runtime/caf_failure.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <optional>
#include <utility>

namespace troupe {

caf_failure::caf_failure(const std::string& what, caf::error error)
    : std::runtime_error(what), error_(std::move(error)) {}

std::exception_ptr detail::failure_in(const caf::error& error, const caf::actor_system& system, const char* what) {
  if (const std::optional<ask_failure> why = ask_failure_in(error))
    return std::make_exception_ptr(ask_error{*why});
  return std::make_exception_ptr(caf_failure{what + (": " + system.render(error)), error});
}

} // namespace troupe
