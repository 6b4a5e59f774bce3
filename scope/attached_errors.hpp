// Errors of cleanup, attached to the error that was on its way meanwhile.

#pragma once

#include <cstddef>
#include <exception>
#include <vector>

namespace troupe {

/// How many errors there can be at a time that have others attached. Beyond that the oldest lose theirs.
inline constexpr std::size_t attached_errors_max = 256;

/// What else failed while `primary` was on its way: the finalizers of exit stacks, in the order in which they failed.
///
/// The error itself stays as it was thrown, so that a `catch` for its type still catches it; what is attached is found
/// by its `exception_ptr`, as in a catch handler by `std::current_exception()`. The groups that it passes keep it in
/// their `group_error`. (Java's `Throwable.getSuppressed`.)
///
/// @returns empty for most errors, and for a null one
/// @thread  any
std::vector<std::exception_ptr> attached_errors(const std::exception_ptr& primary);

namespace detail {

/// Adds to what `primary` has attached.
void attach_errors(const std::exception_ptr& primary, const std::vector<std::exception_ptr>& errors);

} // namespace detail

} // namespace troupe
