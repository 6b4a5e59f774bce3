// How values are written in a topology file: times, bytes, ranges, and names that were nearly right.

#pragma once

#include <troupe/scope/time_source.hpp>
#include <troupe/topology/description.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::topology {

/// The longest time that a file may name: what is longer overflows when it is added to others.
inline constexpr duration time_max = std::chrono::hours{24 * 365};

/// "250ms", "1.5s", "2min": empty when it is none, or beyond `time_max`.
std::optional<duration> read_time(std::string_view text) noexcept;
/// Exact: `read_time` gives the same.
std::string write_time(duration time);

/// The largest number of bytes that a file may name.
inline constexpr std::uint64_t bytes_max = std::uint64_t{1} << 50U;

/// "4096", "64KiB", "10MB": empty when it is none, or beyond `bytes_max`.
std::optional<std::uint64_t> read_bytes(std::string_view text) noexcept;
/// "64 KiB", for people.
std::string human_bytes(std::uint64_t bytes);

/// "5", "1..", "..5", "2..5": empty when it is none.
std::optional<range> read_range(std::string_view text) noexcept;
std::string write_range(const range& what);

/// The one that differs least, where that is little enough to be a slip; else empty.
std::string_view closest(std::string_view wanted, std::span<const std::string_view> known);
/// "did you mean \"fetch\"?", or which there are when none is near; empty: there are none.
std::string nearest(std::string_view wanted, std::span<const std::string_view> known);

/// In double quotes, as TOML and JSON read it.
std::string quoted(std::string_view text);

/// A name that can be a part of a path.
bool is_name(std::string_view text) noexcept;

} // namespace troupe::topology
