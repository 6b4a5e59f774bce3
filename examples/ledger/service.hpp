// The ledger as actors: a desk that takes orders, a journal that commits them, accounts that know what is where.

#pragma once

#include <troupe/ledger/accounts.hpp>
#include <troupe/ledger/journal.hpp>
#include <troupe/ledger/verdict.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace troupe::ledger {

/// Asks for a transfer.
struct order {
  transfer what;
  reply<verdict> to;
};
/// Asks whether there is one: its number, empty: there is none.
struct question {
  std::string key;
  reply<std::optional<std::int64_t>> to;
};
using desk_message = message<order, question>;

struct service_options {
  open_store open;            ///< Has its accounts by then.
  std::size_t capacity = 512; ///< Orders that wait at the desk; more are refused.
  std::size_t at_once = 512;  ///< Orders that the desk works on, and so transfers of one transaction.
  duration commit_limit = std::chrono::seconds{2};
  /// As in `journal_options`.
  std::function<void(const std::string&)> says = nullptr;
  /// Of the demo: how long an authorizer takes, before anything is written, and what it refuses.
  duration authorizing = duration::zero();
  std::function<bool(const transfer&)> authorizes = nullptr;
  /// Of the demo: is told of each order that comes to its commit, on the fiber of that.
  std::function<void(const transfer&)> commit_begins = nullptr;
};

/// What the service counts. Outlives it.
struct service_counts {
  std::atomic<std::uint64_t> committed{0};
  std::atomic<std::size_t> admitted{0};      ///< Requests that the actors have in hand, or before them.
  std::atomic<std::size_t> in_hand{0};       ///< Orders that the desk works on.
  std::atomic<bool> is_serving{false};       ///< False: the actors are being started anew.
  std::atomic<bool> lacks_storage{false};    ///< The database can be neither written nor read, and is tried again.
  std::atomic<duration::rep> order_takes{0}; ///< In the hands of the desk, about: an average of the last ones.
};

/// About how long so many orders take, one with the other.
duration time_for(std::size_t orders, const service_options& options, const service_counts& counts) noexcept;

/// Whether no further request is admitted.
inline bool is_full(const service_options& options, const service_counts& counts) noexcept {
  return counts.admitted >= options.capacity + options.at_once;
}
/// While it is full, a connection is read about this often, and who is refused is told to come back no earlier: so refusals,
/// which cost nearly as much as all of a transfer but its commit, do not take the processors from commits.
constexpr duration pause_when_full = std::chrono::milliseconds{100};

/// Where orders go, and questions about accounts.
struct service_refs {
  actor_ref<desk_message> desk;
  actor_ref<accounts_message> accounts;
};

/// How the actors are supervised: all of them are started anew when one fails, because what each has in hand is about
/// the same database, which is read again then.
supervisor_options supervision();

/// Starts the actors, and gives their addresses.
///
/// @param options, counts  outlive the supervisor
task<service_refs> start_service(supervisor top, const service_options& options, service_counts& counts);

} // namespace troupe::ledger
