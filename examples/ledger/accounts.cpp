#include <troupe/ledger/accounts.hpp>

#include <troupe/scope/offload.hpp>

namespace troupe::ledger {

task<> accounts(inbox<accounts_message> in, startup ready, open_store open) {
  balances now = co_await offload([&open] { return open()->read_balances(); });
  ready.started();
  const auto cents = [&](std::int64_t account) -> std::int64_t& {
    return now.cents[static_cast<std::size_t>(account)];
  };
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](const settled& told) {
          for (const entry& each : told.entries) {
            if (each.number <= now.last_transfer)
              continue; // told to an earlier run of this actor: it was in what this one has read
            cents(each.from) -= each.amount;
            cents(each.to) += each.amount;
            now.last_transfer = each.number;
          }
        },
        [&](balance_of& asked) {
          const bool known = asked.account >= 0 && static_cast<std::size_t>(asked.account) < now.cents.size();
          asked.to(known ? std::optional{cents(asked.account)} : std::nullopt);
        });
}

} // namespace troupe::ledger
