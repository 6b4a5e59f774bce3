// What CAF's actors are told of failures in troupe: as caf::error. Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <troupe/actors/ask_error.hpp>
#include <troupe/scope/outcome.hpp>

#include <caf/atom.hpp>
#include <caf/error.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>

namespace troupe {

/// The failure of an ask as an error of CAF's, in a category of its own: `error == ask_failure::overflow` asks for it,
/// in any of CAF's error handlers. Its context is the sentence that `ask_error::what()` gives.
caf::error make_error(ask_failure why);

/// Which failure of an ask an error is; empty: another error, such as `caf::sec::runtime_error` for what a callee threw.
std::optional<ask_failure> ask_failure_in(const caf::error& error) noexcept;

namespace detail {

inline constexpr caf::atom_value ask_errors = caf::atom("troupe_ask");
/// For `actor_system_config::add_error_category`.
std::string render_ask_error(std::uint8_t code, caf::atom_value category, const caf::message& context);

/// What an ask was answered with instead of a value: an `ask_error` as above, anything else as `sec::runtime_error`
/// with its text.
caf::error caf_error_of(const std::exception_ptr& error);
/// Why a troupe actor has ended, as CAF's monitors and links are told: `normal`, `user_shutdown` where it was stopped,
/// else the error.
caf::error exit_reason_of(const outcome<>& how);

} // namespace detail

} // namespace troupe
