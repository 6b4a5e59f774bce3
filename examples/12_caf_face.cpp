// A troupe actor beside plain CAF actors: they request from it, within its bound, and monitor it. And a bound for theirs.

#include <troupe/runtime/caf_bounded.hpp>
#include <troupe/runtime/caf_face.hpp>
#include <troupe/troupe.hpp>

#include <caf/all.hpp>

#include <cstdio>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using deposit_atom = caf::atom_constant<caf::atom("deposit")>;

struct deposit {
  int cents;
  reply<int> to;
};
using account_message = message<deposit>;

task<> account(inbox<account_message> in, int cents) {
  while (auto message = co_await in.receive())
    co_await message->match([&](deposit& d) { d.to(cents += d.cents); });
}

/// An actor of CAF's, with a mailbox of ten messages.
class clerk : public bounded<> {
public:
  clerk(caf::actor_config& config, caf::actor bank) : bounded(config, capacity{10}) {
    request(bank, 5s, deposit_atom::value, 50)
        .then([this](int cents) { std::printf("%d cents, the clerk hears\n", cents), quit(); },
              [this](const caf::error& why) { quit(why); });
  }
};

task<> main_task(caf::actor_system& system) {
  co_await in_task_group([&](task_group& group) -> task<> {
    actor_ref mine = group.start_actor({.name = "account", .capacity = 100}, account, 100);
    caf::actor bank = as_caf_actor(system, mine, [](deposit_atom, int cents) { return deposit{cents, {}}; });
    auto visit = [&system, bank] { // waits as CAF's blocking actors do, so it has a thread
      caf::scoped_actor self{system};
      self->monitor(system.spawn<clerk>(bank));
      self->receive([](const caf::down_msg&) {});
    };
    co_await offload(visit);
    std::printf("%d, the account says\n", co_await mine.ask<deposit>(0));
  });
}

} // namespace

int main() {
  runtime here;
  return exit_code_of(here.run(main_task, std::ref(here.actor_system())), here.signalled());
}

// Prints:
// 150 cents, the clerk hears
// 150, the account says
