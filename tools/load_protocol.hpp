// What a load client and a ledger service say to each other: a line of JSON for each request, and one for each answer.

#pragma once

#include <troupe/scope/time_source.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::tools {

inline constexpr std::size_t answer_bytes_max = 65'536; // of a line

struct transfer_request {
  std::string key; ///< The same for each try.
  std::uint64_t from;
  std::uint64_t to;
  std::int64_t amount;
};

/// What a client was told, and what it found out by itself.
enum class request_end : std::uint8_t {
  committed,
  insufficient_funds,
  overloaded,
  deadline_exceeded,
  in_doubt,
  storage,
  unavailable,
  shutting_down,
  refused,         ///< Any other error: its name is in the answer.
  no_answer,       ///< None in time.
  connection_lost, ///< With the request on its way.
  no_connection,   ///< None could be made in time.
  not_sent,        ///< Half of its time was over before a connection was free.
};
inline constexpr std::size_t request_end_count = 13;

/// "insufficient_funds"
std::string_view to_string(request_end of) noexcept;
/// Whether the service has said so.
constexpr bool is_answer(request_end what) noexcept { return what <= request_end::refused; }

struct transfer_answer {
  std::optional<std::uint64_t> id; ///< Of the request. None: it had no id that could be read.
  request_end what;
  std::uint64_t transfer = 0; ///< Of a committed one: its number.
  bool repeated = false;      ///< It had been committed under that key before.
  duration retry_after{};
  std::string error = {}; ///< Its name, of any that is refused.
  std::string message = {};
};

/// One line, without its end.
///
/// @param deadline  in which it is to be done; told in whole milliseconds, 1 at least
std::string line_of(const transfer_request& request, std::uint64_t id, duration deadline);
/// Nothing: the line is no answer of a ledger.
std::optional<transfer_answer> read_answer(std::string_view line);

} // namespace troupe::tools
