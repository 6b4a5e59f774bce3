// Standard output and standard error of a command that reports what it could not write.

#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

namespace troupe::tools {

/// Gives the three standard descriptors something to refer to where the caller closed them: otherwise the next file
/// that is opened would take their place. What is put there refuses every read and write.
///
/// @returns false when there was no standard output
bool keep_standard_descriptors() noexcept;

/// Makes a write to a closed pipe an error instead of the end of the process.
void ignore_closed_pipes() noexcept;

/// Writes all of `text`, waiting where the reader is slow.
///
/// @returns no error, or the first one; `std::errc::broken_pipe` when the reader has gone
std::error_code write_all(int descriptor, std::string_view text) noexcept;

/// Writes `text` to standard error if that takes it at once, else drops it: a message never holds up the work.
void tell(std::string_view text) noexcept;

/// True when `descriptor` is a terminal on which one thing can be drawn over another: TERM names one that is not "dumb".
bool can_redraw(int descriptor) noexcept;

/// How wide the terminal is that `descriptor` is; nothing: it is none, or does not say.
std::optional<std::size_t> columns_of(int descriptor) noexcept;

/// True when `descriptor` is a pipe or socket whose reader has gone.
bool reader_gone(int descriptor) noexcept;

} // namespace troupe::tools
