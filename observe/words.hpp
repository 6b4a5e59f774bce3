// Durations and untrusted text as people read them.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::detail {

/// "0 s", "850 us", "340 ms", "1.2 s", "5 s", "2 min 5 s", "3 h 4 min". What is below zero is zero.
std::string in_words(duration length);

/// `text` in one line, without control sequences: control characters, backslashes and what is no UTF-8 are escaped, as in
/// C. Cut to about `bytes_max`.
std::string in_one_line(std::string_view text, std::size_t bytes_max = 1000);

/// How many bytes the UTF-8 sequence at the beginning of `text` has; 0: there is none.
///
/// @pre text is not empty
std::size_t utf8_length(std::string_view text) noexcept;

/// How many columns `text` takes in a terminal, by a count of its code points.
std::size_t columns(std::string_view text) noexcept;

} // namespace troupe::detail
