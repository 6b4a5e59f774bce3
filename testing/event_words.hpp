// What harms or ends a fiber, in words.

#pragma once

#include <troupe/scope/event.hpp>

#include <cstdint>
#include <string>

namespace troupe::detail {

/// What an event tells that people want to see of a run, in words: "is cancelled: deadline"; empty: nothing.
std::string in_words(const event& happened);
/// Of which fiber it tells that.
std::uint64_t told_of(const event& happened) noexcept;

} // namespace troupe::detail
