#include <troupe/ledger/answers.hpp>
#include <troupe/ledger/audit.hpp>
#include <troupe/ledger/store.hpp>

#include <set>

namespace troupe::ledger {

audit audit_ledger(const std::string& database) {
  const store open{database};
  const std::vector<std::int64_t> balances = open.read_balances().cents;
  const std::vector<transfer> transfers = open.transfers();
  audit found;
  found.transfers = transfers.size();
  found.money_opened = open.opening_balance() * static_cast<std::int64_t>(balances.size());

  std::set<std::string> present;
  std::vector<std::int64_t> wanted(balances.size(), open.opening_balance());
  for (const transfer& each : transfers) {
    present.insert(each.key);
    wanted.at(static_cast<std::size_t>(each.from)) -= each.amount;
    wanted.at(static_cast<std::size_t>(each.to)) += each.amount;
  }
  for (std::size_t i = 0; i < balances.size(); ++i) {
    found.money += balances[i];
    found.balances_wrong += balances[i] != wanted[i] ? 1 : 0;
  }

  for (const auto& [id, known] : read_answers(database + ".answers")) {
    const bool there = present.contains(std::to_string(id));
    switch (known.what) {
    case answer::commit_began:
      break; // nobody was told
    case answer::committed:
      ++found.committed;
      found.committed_missing += there ? 0 : 1;
      break;
    case answer::refused:
    case answer::not_started:
      ++found.not_done;
      found.not_done_present += there ? 1 : 0;
      break;
    case answer::in_doubt:
      ++found.doubtful;
      found.doubtful_present += there ? 1 : 0;
      found.doubtful_without_commit += known.commit_began ? 0 : 1;
      break;
    }
  }
  return found;
}

} // namespace troupe::ledger
