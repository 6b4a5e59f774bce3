#include <troupe/program/human_text.hpp>
#include <troupe/program/text_table.hpp>
#include <troupe/tools/ledger_report.hpp>

#include <fmt/format.h>

namespace troupe::tools {

std::string answers_table(const ledger::load_counts& counts, duration took) {
  using ledger::answer;
  using align = text_table::align;
  text_table table{{{"clients were told"}, {"transfers", align::right}, {"in the database"}}};
  const auto row = [&](answer what, const char* there) {
    table.add({std::string(to_string(what)), std::to_string(counts.of(what)), there});
  };
  row(answer::committed, "yes");
  row(answer::refused, "no");
  row(answer::not_started, "no");
  row(answer::in_doubt, "perhaps");
  table.add({"nothing: cancelled", std::to_string(counts.cancelled), "perhaps"});
  const double seconds = std::chrono::duration<double>(took).count();
  const auto done = static_cast<double>(counts.of(answer::committed));
  return table.text() +
         fmt::format("\n{} transfers/s were committed\n\n", human_count(seconds > 0 ? done / seconds : 0));
}

std::string server_report(const ledger::server_counts& counts, duration took) {
  const ledger::connection_counts& of = counts.connections;
  return fmt::format("served {} connections and {} requests in {:.1f} s: {} transfers committed, {} requests refused, "
                     "{} of them as overloaded, {} idle connections closed\n",
                     of.accepted.load(), of.requests.load(), std::chrono::duration<double>(took).count(),
                     counts.service.committed.load(), of.refused.load(), of.overloaded.load(), of.closed_idle.load());
}

books audit_books(const ledger::audit& found) {
  const auto money = [](std::int64_t cents) { return static_cast<std::uint64_t>(cents); };
  return {
      sum_entry("money in all accounts", money(found.money), {{"at the beginning", money(found.money_opened)}}),
      sum_entry("accounts whose transfers make another balance", found.balances_wrong, {{"none", 0}}),
      sum_entry("told committed", found.committed, {{"in the database", found.committed - found.committed_missing}}),
      sum_entry("told refused or not_started", found.not_done,
                {{"not in the database", found.not_done - found.not_done_present}}),
      sum_entry("told in_doubt", found.doubtful,
                {{"in their commit then, and in the database", found.doubtful_present},
                 {"in their commit, and not in the database",
                  found.doubtful - found.doubtful_present - found.doubtful_without_commit}}),
  };
}

} // namespace troupe::tools
