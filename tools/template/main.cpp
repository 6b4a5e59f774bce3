// Runs the service with one client, until Ctrl-C.

#include "service.hpp"

#include <chrono>
#include <cstdio>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

/// Makes ten deposits a second.
task<> client(account_ref to) {
  for (int number = 1;; ++number) {
    const long balance = co_await deposit_once(to, number, 100);
    if (number % 10 == 0) {
      std::printf("%d deposits, the balance is %ld\n", number, balance);
      std::fflush(stdout);
    }
    co_await sleep_for(100ms);
  }
}

task<> main_task(book& kept) {
  co_await supervise(service_options, [&](supervisor& top) -> task<> {
    const account_ref to = co_await start_service(top, kept);
    co_await client(to);
  });
}

} // namespace

int main() {
  book kept;
  const int code = troupe::run(main_task, std::ref(kept)); // Ctrl-C cancels the tree, leaf first
  std::printf("stopped: %zu deposits, the balance is %ld\n", kept.deposits.size(), kept.balance);
  return code;
}
