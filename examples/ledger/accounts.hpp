// The accounts: what is in them, without a look at the database.

#pragma once

#include <troupe/ledger/store.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/supervision/supervised_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace troupe::ledger {

/// Opens the database anew, for one run of an actor. It blocks, and may throw.
using open_store = std::function<std::shared_ptr<store>()>;

/// These transfers were committed, in this order.
struct settled {
  std::vector<entry> entries;
};
/// What is in an account, in cents; empty: there is no such account.
struct balance_of {
  std::int64_t account;
  reply<std::optional<std::int64_t>> to;
};
using accounts_message = message<settled, balance_of>;

/// Reads all balances at its start, and is told by the journal of each transfer after that.
task<> accounts(inbox<accounts_message> in, startup ready, open_store open);

} // namespace troupe::ledger
