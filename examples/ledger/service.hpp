// The ledger as actors: a desk that takes orders, accounts that reserve, an authorizer, a journal that commits.

#pragma once

#include <troupe/ledger/answers.hpp>
#include <troupe/ledger/store.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/task_group.hpp>

#include <atomic>
#include <cstdint>
#include <stdexcept>

namespace troupe::ledger {

/// The answer to an order that is not carried out.
class refused : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Asks for a transfer. The answer says that it is in the database; an error `refused`, that it is not and never will
/// be; `in_doubt`, that a limit passed in its commit.
struct order {
  transfer what;
  reply<void> to;
};
using desk_message = message<order>;

struct service_options {
  std::size_t capacity = 100; ///< Of each mailbox.
  std::size_t at_once = 16;   ///< Orders that the desk works on.
  duration commit_limit = std::chrono::seconds{2};
  duration authorizing = std::chrono::microseconds{200};
};

/// What the service counts. Outlives it.
struct service_counts {
  std::atomic<std::uint64_t> notified{0};
  std::atomic<std::uint64_t> doubts_settled{0}; ///< Transfers in doubt of which the journal said later what they are.
};

/// Starts the actors in `group`, and gives the address of the desk. When that has gone they end, one after the other.
///
/// @param database  used by the journal alone
/// @param counts    outlives the group, as do `database` and `answers`
actor_ref<desk_message> start_service(task_group& group, store& database, answer_file& answers,
                                      const service_options& options, service_counts& counts);

} // namespace troupe::ledger
