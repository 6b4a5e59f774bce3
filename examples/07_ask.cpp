// An actor with state of its own, asked with a deadline: each ask has one outcome, which says what was done.

#include <troupe/troupe.hpp>

#include <cstdio>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

struct deposit {
  int cents;
  reply<int> to; // the last member: who can be asked has one
};
struct balance {
  reply<int> to;
};
using account_message = message<deposit, balance>;

task<> account(inbox<account_message> in, int cents) {
  while (auto message = co_await in.receive()) // false once nobody has the address any more
    co_await message->match(                   // the scope of this message: its deadline, its revoke
        [&](deposit& d) -> task<> {
          co_await sleep_for(400ms); // as if it were written down first
          d.to(cents += d.cents);
        },
        [&](balance& b) { b.to(cents); });
}

task<> main_task() {
  co_await in_task_group([](task_group& group) -> task<> {
    actor_ref mine = group.start_actor({.name = "account", .capacity = 100}, account, 100);
    int after = co_await fail_after(5s, mine.ask<deposit>(50));
    std::printf("after the deposit: %d\n", after);
    try {
      co_await fail_after(200ms, mine.ask<deposit>(50)); // the callee has the deadline too
    } catch (const deadline_exceeded& late) {
      std::printf("%s\n", message_of(late.fate()).c_str());
    }
    std::printf("balance: %d\n", co_await mine.ask<balance>());
  });
}

} // namespace

int main() { return troupe::run(main_task); }

// Prints:
// after the deposit: 150
// ask: aborted: it was begun, and stopped before it had ended
// balance: 150
