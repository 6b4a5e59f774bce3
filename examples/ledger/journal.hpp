// The journal: the only one that writes, several transfers at a time.

#pragma once

#include <troupe/ledger/accounts.hpp>
#include <troupe/ledger/verdict.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace troupe::ledger {

/// Carries out a transfer, unless its key is there already.
struct commit {
  transfer what;
  reply<verdict> to;
};
/// The number of the transfer with this key, behind all that was asked before; empty: there is none.
struct lookup {
  std::string key;
  reply<std::optional<std::int64_t>> to;
};
using journal_message = message<commit, lookup>;

struct journal_options {
  open_store open;
  actor_ref<accounts_message> accounts;
  std::size_t batch_max = 512; ///< Of one transaction.
  duration commit_limit = std::chrono::seconds{2};
  std::atomic<std::uint64_t>* committed = nullptr; ///< Counts transfers, if not null; outlives the journal.
  /// Whether it waits for the storage, if not null; outlives the journal.
  std::atomic<bool>* lacks_storage = nullptr;
  /// Is told, as a sentence, when the storage fails and when it serves again; not each time where that comes and goes.
  std::function<void(const std::string&)> says = nullptr;
};

/// Takes what has come meanwhile, and writes it down in one transaction: so the price of a synchronised write is shared
/// by all that wait for one. An ask whose deadline has passed by then is not done. What fails is told to all of its
/// batch, and ends this run: the next one opens the database anew.
///
/// A failure of the storage, as a disk that is full, ends no run. Then asks are told so for 0.2 s, and at most 2 s where
/// it goes on; after that the database is opened anew, and the next batch shows whether it can be written.
task<> journal(inbox<journal_message> in, startup ready, journal_options options);

} // namespace troupe::ledger
