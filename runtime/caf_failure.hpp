// What troupe is told of failures in CAF: as an exception. Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <caf/error.hpp>

#include <exception>
#include <stdexcept>
#include <string>

namespace caf {
class actor_system;
}

namespace troupe {

/// An error of CAF's: why one of its actors has ended, or what it has answered.
class caf_failure : public std::runtime_error {
public:
  /// @param what  CAF's words alone name the categories only that the actor system knows
  caf_failure(const std::string& what, caf::error error);

  const caf::error& error() const noexcept { return error_; }

private:
  caf::error error_;
};

namespace detail {

/// `caf_failure`, with `what` and then the error in words; of an error that `make_error(ask_failure)` has made the
/// `ask_error`.
std::exception_ptr failure_in(const caf::error& error, const caf::actor_system& system, const char* what);

} // namespace detail

} // namespace troupe
