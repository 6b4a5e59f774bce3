// Sizes, times and untrusted text as people read them.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// "512 B", "719.6 KiB", "4.1 GiB".
std::string human_bytes(std::uint64_t bytes);
/// The same for a number of KiB, which may be more bytes than a number holds: "0 KiB", "16.0 ZiB".
std::string human_kibibytes(std::uint64_t kibibytes);

/// "950", "12.3 k", "8.10 M", "1.25 G": three digits are enough for a rate.
std::string human_count(double count);

/// "850 us", "4.20 ms", "1.25 s", "2 min 5 s".
std::string human_duration(duration time);

/// `text` with everything that is not printable ASCII as `\xNN`, cut to about `bytes_max`: input that is shown must not
/// reach the terminal as control sequences.
std::string printable(std::string_view text, std::size_t bytes_max = 60);

/// `text` in lines of at most so many columns, broken at spaces; a word that is longer than that is cut.
///
/// @pre it is printable, and columns are not 0
std::vector<std::string> paragraph(std::string_view text, std::size_t columns);

} // namespace troupe::tools
