// What clients and the service say to each other: one JSON object a line. docs/ledger.md has it for people.

#pragma once

#include <troupe/ledger/store.hpp>

#include <troupe/scope/time_source.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

namespace troupe::ledger {

/// Of a line without its end, in bytes.
inline constexpr std::size_t line_bytes_max = 4'096;
inline constexpr std::size_t key_characters_max = 64;
inline constexpr duration deadline_default = std::chrono::seconds{1};
inline constexpr std::int64_t deadline_ms_max = 60'000;

struct balance_request {
  std::int64_t account;
};
struct status_request {
  std::string key;
};
struct health_request {};

/// One line of a client, read and checked.
struct request {
  std::string id; ///< As JSON has it: `17`, `"a"`. Empty: none.
  duration deadline = deadline_default;
  std::variant<transfer, balance_request, status_request, health_request> what;
};

/// A line is no request.
class bad_request : public std::runtime_error {
public:
  bad_request(const std::string& what, std::string id) : std::runtime_error(what), id_(std::move(id)) {}

  /// Of the request, where it could be read: as in `request`.
  const std::string& id() const noexcept { return id_; }

private:
  std::string id_;
};

/// Reads one line, without its end. Nothing is looked at but the text: whether there is such an account is not.
///
/// @throws bad_request  what is wrong, and where
request parse_request(std::string_view line);

/// Why a request was not done; its name is the code of the answer.
enum class refusal : std::uint8_t {
  bad_request,
  too_long,
  unknown_account,
  insufficient_funds,
  key_reused,
  not_authorized, ///< Of the demo alone.
  overloaded,
  deadline_exceeded,
  in_doubt,
  storage,
  unavailable,
  shutting_down,
  idle,
};
std::string_view to_string(refusal why) noexcept;

/// How the service is.
struct health {
  std::string_view status; ///< "serving", "restarting", "no_storage", "draining"
  std::int64_t accounts = 0;
  std::size_t connections = 0, queued = 0, in_hand = 0;
  std::uint64_t committed = 0, overloaded = 0, restarts = 0;
  duration uptime{};
};

/// @name Answers, each a line without its end; `id` is as in `request`
///@{
std::string committed_answer(const std::string& id, std::int64_t number, bool repeated);
std::string balance_answer(const std::string& id, std::int64_t account, std::int64_t cents);
/// @param number  empty: no transfer has this key
std::string status_answer(const std::string& id, const std::string& key, std::optional<std::int64_t> number);
std::string health_answer(const std::string& id, const health& how);
/// @param retry_after  given where it is positive
std::string refusal_answer(const std::string& id, refusal why, std::string_view message, duration retry_after = {});
///@}

} // namespace troupe::ledger
