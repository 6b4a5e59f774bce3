#include <troupe/runtime/caf_bounded.hpp>

#include "teller.hpp"

#include <tests/budget.hpp>

#include <atomic>

using namespace troupe;
using namespace troupe::tests;

namespace {

class counts_messages : public bounded<> {
public:
  counts_messages(caf::actor_config& config, overflow on_full, std::atomic<std::uint64_t>* handled)
      : bounded(config, capacity{8}, on_full), handled_(handled) {}

  caf::behavior make_behavior() override {
    return {[this](int) { handled_->fetch_add(1); },
            [this](deposit_atom, int amount) {
              handled_->fetch_add(1);
              return amount;
            }};
  }

private:
  std::atomic<std::uint64_t>* handled_;
};

} // namespace

TEST_CASE("what many senders send to a bounded CAF actor is handled or refused, each once, and never more is queued",
          "[runtime][stress][C2][C8][caf_actors]") {
  const auto rounds = static_cast<int>(seeds(10'000));
  constexpr int senders = 6;
  for (const overflow on_full : {overflow::reject, overflow::drop_newest}) {
    std::atomic<std::uint64_t> handled{0};
    answer_counts counts;
    bounded_statistics books;
    {
      runtime here{{.workers = 2, .handle_signals = false}};
      const caf::actor whom = here.actor_system().spawn<counts_messages>(on_full, &handled);
      send_on_threads(here.actor_system(), whom, senders, rounds, counts);
      const auto refused = [&] { return statistics_of(whom)->rejected + statistics_of(whom)->dropped; };
      const std::uint64_t of_senders = refused();
      const caf::scoped_actor self{here.actor_system()};
      REQUIRE(asked_unless("overflow", self, whom, deposit_atom::value, 1) == "1"); // all before it are handled
      books = statistics_of(whom).value();
      CHECK(books.depth == 0);
      CHECK(books.accepted + of_senders == static_cast<std::uint64_t>(rounds) * senders + 1);
      caf::anon_send_exit(whom, caf::exit_reason::user_shutdown);
    }
    const auto sent = static_cast<std::uint64_t>(rounds) * senders;
    CHECK(books.accepted == handled);
    CHECK(counts.answered + counts.overflown == sent / 4);
    CHECK(books.depth_max <= 8);
    CHECK((on_full == overflow::reject ? books.rejected : books.dropped) > 0);
  }
}
