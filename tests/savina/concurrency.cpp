#include <tests/savina/concurrency.hpp>

#include <tests/savina/history.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <forward_list>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

namespace troupe::savina {

// ---- SV-08, SV-09: servers that say in which order they did what they were asked ------------------------------------

namespace {

struct perform {
  operation what;
  reply<done> to;
};
struct list_contents {
  reply<std::vector<int>> to;
};
using server_message = message<perform, list_contents>;

task<> dictionary(inbox<server_message> in) {
  std::unordered_map<int, int> values;
  std::size_t position = 0;
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](perform& asked) {
          const auto found = values.find(asked.what.key);
          const long before = found == values.end() ? -1 : found->second;
          if (asked.what.what == operation_kind::write)
            values[asked.what.key] = asked.what.value;
          asked.to(done{before, position++});
        },
        [&](list_contents& asked) { asked.to(); });
}

task<> sorted_list(inbox<server_message> in) {
  std::forward_list<int> keys;
  long size = 0;
  std::size_t position = 0;
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](perform& asked) {
          auto before = keys.before_begin();
          for (auto at = keys.begin(); at != keys.end() && *at < asked.what.key; ++at)
            before = at;
          const auto at = std::next(before);
          long result = at != keys.end() && *at == asked.what.key ? 1 : 0;
          if (asked.what.what == operation_kind::size) {
            result = size;
          } else if (asked.what.what == operation_kind::write) {
            keys.insert_after(before, asked.what.key);
            ++size;
          }
          asked.to(done{result, position++});
        },
        [&](list_contents& asked) { asked.to(keys.begin(), keys.end()); });
}

struct client_plan {
  std::size_t messages;
  std::uint64_t writes_percent, sizes_percent, keys;
};

task<> client(actor_ref<server_message> to, std::uint64_t seed, client_plan plan, std::atomic<std::uint64_t>& clock,
              std::vector<observed>& seen) {
  seeded_random random{seed};
  for (std::size_t i = 0; i < plan.messages; ++i) {
    const std::uint64_t percent = random.below(100);
    observed now;
    if (percent < plan.writes_percent)
      now.asked.what = operation_kind::write;
    else if (percent < plan.writes_percent + plan.sizes_percent)
      now.asked.what = operation_kind::size;
    now.asked.key = static_cast<int>(random.below(plan.keys));
    now.asked.value = static_cast<int>(random.below(1'000'000));
    now.invoked = clock++;
    now.answer = co_await to.ask<perform>(now.asked);
    now.returned = clock++;
    seen.push_back(now);
  }
}

/// Runs clients of one server, and gives all that they have seen.
task<std::vector<observed>> ask_server(task<> (*server)(inbox<server_message>), std::size_t clients, client_plan plan,
                                       setting how, std::vector<int>& contents) {
  std::vector<std::vector<observed>> seen(clients);
  std::atomic<std::uint64_t> clock{0};
  co_await in_task_group([&](task_group& group) -> task<> {
    const actor_ref to = group.start_actor(bounded(how), server);
    co_await in_task_group([&](task_group& asking) {
      for (std::size_t i = 0; i < clients; ++i)
        asking.start(client, to, how.seed * 1'000'003 + i, plan, std::ref(clock), std::ref(seen[i]));
    });
    contents = co_await to.ask<list_contents>();
  });
  std::vector<observed> all;
  for (const auto& each : seen)
    all.insert(all.end(), each.begin(), each.end());
  co_return all;
}

} // namespace

task<findings> concurrent_dictionary(dictionary_size size, setting how) {
  const client_plan plan{size.messages, size.writes_percent, 0, size.keys};
  std::vector<int> contents;
  std::vector<observed> history = co_await ask_server(dictionary, size.workers, plan, how, contents);
  findings wrong;
  wrong.equal("replies", history.size(), size.workers * size.messages);
  std::map<int, int> model;
  explain(
      std::move(history),
      [&](const operation& asked) -> long {
        const auto found = model.find(asked.key);
        const long before = found == model.end() ? -1 : found->second;
        if (asked.what == operation_kind::write)
          model[asked.key] = asked.value;
        return before;
      },
      wrong);
  co_return wrong;
}

task<findings> concurrent_sorted_list(sorted_list_size size, setting how) {
  const client_plan plan{size.messages, size.writes_percent, size.sizes_percent, size.keys};
  std::vector<int> contents;
  std::vector<observed> history = co_await ask_server(sorted_list, size.workers, plan, how, contents);
  findings wrong;
  wrong.equal("replies", history.size(), size.workers * size.messages);
  std::multiset<int> model;
  explain(
      std::move(history),
      [&](const operation& asked) -> long {
        if (asked.what == operation_kind::size)
          return static_cast<long>(model.size());
        const bool found = model.contains(asked.key);
        if (asked.what == operation_kind::write)
          model.insert(asked.key);
        return found ? 1 : 0;
      },
      wrong);
  wrong.expect(std::is_sorted(contents.begin(), contents.end()), "the list is sorted");
  wrong.expect(std::equal(contents.begin(), contents.end(), model.begin(), model.end()),
               "the list holds what was inserted");
  co_return wrong;
}

// ---- SV-10: the manager keeps the replies of those who must wait ----------------------------------------------------

namespace {

struct put {
  std::size_t item;
  reply<void> to;
};
struct take {
  reply<std::optional<std::size_t>> to; // nothing: no more will come
};
struct no_more {};
using buffer_message = message<put, take, no_more>;

struct buffer_books {
  attendance actors;
  std::size_t most = 0;
};

task<> buffer_manager(inbox<buffer_message> in, std::size_t bound, buffer_books& books) {
  const presence here{books.actors};
  std::deque<std::size_t> buffer;
  std::deque<put> full;
  std::deque<take> empty;
  bool ends = false;
  const auto keep = [&](put& asked) {
    buffer.push_back(asked.item);
    books.most = std::max(books.most, buffer.size());
    asked.to();
  };
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](put& asked) {
          if (!empty.empty()) {
            empty.front().to(asked.item);
            empty.pop_front();
            asked.to();
          } else if (buffer.size() < bound) {
            keep(asked);
          } else {
            full.push_back(std::move(asked));
          }
        },
        [&](take& asked) {
          if (!buffer.empty()) {
            asked.to(buffer.front());
            buffer.pop_front();
            if (!full.empty()) {
              keep(full.front());
              full.pop_front();
            }
          } else if (ends) {
            asked.to(std::nullopt);
          } else {
            empty.push_back(std::move(asked));
          }
        },
        [&](no_more&) {
          ends = true;
          for (take& each : empty)
            each.to(std::nullopt);
        });
}

task<> producer(actor_ref<buffer_message> to, std::size_t first, std::size_t items, buffer_books& books) {
  const presence here{books.actors};
  for (std::size_t i = 0; i < items; ++i)
    co_await to.ask<put>(first + i);
}

task<> consumer(actor_ref<buffer_message> from, std::vector<std::size_t>& taken, buffer_books& books) {
  const presence here{books.actors};
  while (const auto item = co_await from.ask<take>())
    taken.push_back(*item);
}

} // namespace

task<findings> bounded_buffer(bounded_buffer_size size, setting how) {
  buffer_books books;
  std::vector<std::vector<std::size_t>> taken(size.consumers);
  co_await in_task_group([&](task_group& group) -> task<> {
    const actor_ref manager = group.start_actor(bounded(how), buffer_manager, size.buffer, std::ref(books));
    for (std::vector<std::size_t>& each : taken)
      group.start(consumer, manager, std::ref(each), std::ref(books));
    co_await in_task_group([&](task_group& producing) {
      for (std::size_t i = 0; i < size.producers; ++i)
        producing.start(producer, manager, i * size.items, size.items, std::ref(books));
    });
    co_await manager.tell<no_more>();
  });
  std::vector<std::size_t> times(size.producers * size.items);
  std::size_t in_disorder = 0;
  for (const auto& items : taken) {
    std::vector<std::size_t> next(size.producers); // of each producer, the least that may come
    for (const std::size_t item : items) {
      ++times[item];
      std::size_t& least = next[item / size.items];
      in_disorder += item % size.items < least ? 1 : 0;
      least = item % size.items + 1;
    }
  }
  findings wrong;
  wrong.equal("items that were consumed just once", std::count(times.begin(), times.end(), 1U), times.size());
  wrong.equal("items that a consumer got before an earlier one of their producer", in_disorder, 0);
  wrong.expect(books.most <= size.buffer, "no more are buffered than the bound");
  wrong.all_left("actors", books.actors, size.producers + size.consumers + 1);
  co_return wrong;
}

// ---- SV-11: who must wait has its answer later, so nobody asks again ------------------------------------------------

namespace {

struct hungry {
  std::size_t who;
  reply<void> to; // both forks are free
};
struct sated {
  std::size_t who;
};
using arbiter_message = message<hungry, sated>;

task<> fork_arbiter(inbox<arbiter_message> in, std::size_t forks) {
  std::vector<char> taken(forks);
  std::deque<hungry> waiting;
  const auto serve = [&](hungry& asked) {
    char& left = taken[asked.who];
    char& right = taken[(asked.who + 1) % forks];
    if (left != 0 || right != 0)
      return false;
    left = right = 1;
    asked.to();
    return true;
  };
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](hungry& asked) {
          if (!serve(asked))
            waiting.push_back(std::move(asked));
        },
        [&](sated& told) {
          taken[told.who] = taken[(told.who + 1) % forks] = 0;
          for (auto each = waiting.begin(); each != waiting.end();)
            each = serve(*each) ? waiting.erase(each) : std::next(each);
        });
}

struct table {
  explicit table(std::size_t seats) : forks(seats) {}

  std::vector<std::atomic<int>> forks; // how many hold it
  std::atomic<std::size_t> meals{0}, taken_twice{0};
};

task<> philosopher(actor_ref<arbiter_message> arbiter, std::size_t who, std::size_t rounds, table& at) {
  std::atomic<int>& left = at.forks[who];
  std::atomic<int>& right = at.forks[(who + 1) % at.forks.size()];
  for (std::size_t i = 0; i < rounds; ++i) {
    co_await arbiter.ask<hungry>(who);
    at.taken_twice += left++ == 0 && right++ == 0 ? 0 : 1;
    co_await yield(); // eats
    ++at.meals;
    --left;
    --right;
    co_await arbiter.tell<sated>(who);
  }
}

} // namespace

task<findings> dining_philosophers(philosophers_size size, setting how) {
  table at{size.philosophers};
  co_await in_task_group([&](task_group& group) {
    const actor_ref arbiter = group.start_actor(bounded(how), fork_arbiter, size.philosophers);
    for (std::size_t i = 0; i < size.philosophers; ++i)
      group.start(philosopher, arbiter, i, size.rounds, std::ref(at));
  });
  findings wrong;
  wrong.equal("meals", at.meals.load(), size.philosophers * size.rounds);
  wrong.equal("meals with a fork that somebody else had", at.taken_twice.load(), 0);
  co_return wrong;
}

// ---- SV-12: the room hands the customer's reply to the barber, who answers when the hair is cut ---------------------

namespace {

struct enter {
  std::size_t customer;
  reply<bool> to; // false: no chair is free
};
struct next_customer {
  reply<std::optional<enter>> to; // nobody: the shop closes
};
struct close_shop {};
using room_message = message<enter, next_customer, close_shop>;

task<> waiting_room(inbox<room_message> in, std::size_t chairs, std::size_t& most) {
  std::deque<enter> waiting;
  std::optional<next_customer> asleep; // the barber
  bool closes = false;
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](enter& asked) {
          if (asleep) {
            asleep->to(std::move(asked));
            asleep.reset();
          } else if (waiting.size() < chairs) {
            waiting.push_back(std::move(asked));
            most = std::max(most, waiting.size());
          } else {
            asked.to(false);
          }
        },
        [&](next_customer& asked) {
          if (!waiting.empty()) {
            asked.to(std::move(waiting.front()));
            waiting.pop_front();
          } else if (closes) {
            asked.to(std::nullopt);
          } else {
            asleep = std::move(asked);
          }
        },
        [&](close_shop&) {
          closes = true;
          if (asleep)
            asleep->to(std::nullopt);
        });
}

task<> barber(actor_ref<room_message> room, std::vector<std::size_t>& cut) {
  while (auto customer = co_await room.ask<next_customer>()) {
    co_await yield(); // cuts
    ++cut[customer->customer];
    customer->to(true);
  }
}

task<> customer(actor_ref<room_message> room, std::size_t who, std::atomic<std::size_t>& served) {
  for (bool has_been = false; !has_been;) {
    has_been = co_await room.ask<enter>(who);
    if (!has_been)
      co_await sleep_for(std::chrono::microseconds{50});
  }
  ++served;
}

} // namespace

task<findings> sleeping_barber(barber_size size, setting how) {
  std::vector<std::size_t> cut(size.haircuts);
  std::size_t most = 0;
  std::atomic<std::size_t> served{0};
  co_await in_task_group([&](task_group& group) -> task<> {
    const actor_ref room = group.start_actor(bounded(how), waiting_room, size.room, std::ref(most));
    group.start(barber, room, std::ref(cut));
    co_await in_task_group([&](task_group& coming) {
      for (std::size_t i = 0; i < size.haircuts; ++i)
        coming.start(customer, room, i, std::ref(served));
    });
    co_await room.tell<close_shop>();
  });
  findings wrong;
  wrong.equal("customers whose hair was cut just once", std::count(cut.begin(), cut.end(), 1U), size.haircuts);
  wrong.equal("customers who went home served", served.load(), size.haircuts);
  wrong.expect(most <= size.room, "no more wait than there are chairs");
  co_return wrong;
}

// ---- SV-13 ----------------------------------------------------------------------------------------------------------

namespace {

struct smoke {
  std::chrono::microseconds how_long;
  reply<void> to; // as soon as it smokes
};

struct smoking_books {
  std::atomic<std::size_t> started{0};
  attendance smokers;
  std::size_t rounds = 0, not_just_one = 0;
};

task<> smoker(inbox<message<smoke>> in, std::size_t& times, smoking_books& books) {
  const presence here{books.smokers};
  while (auto next = co_await in.receive())
    co_await next->match([&](smoke& asked) -> task<> {
      ++times;
      ++books.started;
      asked.to();
      co_await sleep_for(asked.how_long);
    });
}

task<> smoking_arbiter(std::vector<actor_ref<message<smoke>>> smokers, std::size_t rounds, setting how,
                       smoking_books& books) {
  seeded_random random{how.seed};
  for (; books.rounds < rounds; ++books.rounds) {
    const std::size_t who = random.below(smokers.size());
    co_await smokers[who].ask<smoke>(std::chrono::microseconds{who % 20});
    books.not_just_one += books.started == books.rounds + 1 ? 0 : 1;
  }
}

} // namespace

task<findings> cigarette_smokers(smokers_size size, setting how) {
  std::vector<std::size_t> times(size.smokers);
  smoking_books books;
  co_await in_task_group([&](task_group& group) {
    std::vector<actor_ref<message<smoke>>> smokers;
    for (std::size_t& each : times)
      smokers.push_back(group.start_actor(bounded(how), smoker, std::ref(each), std::ref(books)));
    group.start(smoking_arbiter, std::move(smokers), size.rounds, how, std::ref(books));
  });
  std::vector<std::size_t> drawn(size.smokers);
  seeded_random random{how.seed};
  for (std::size_t i = 0; i < size.rounds; ++i)
    ++drawn[random.below(size.smokers)];
  findings wrong;
  wrong.equal("rounds", books.rounds, size.rounds);
  wrong.equal("rounds in which not just one began to smoke", books.not_just_one, 0);
  wrong.expect(times == drawn, "each smoker smokes as often as it was chosen");
  wrong.all_left("smokers", books.smokers, size.smokers);
  co_return wrong;
}

// ---- SV-14: a series that waits for its term has what comes meanwhile in its mailbox --------------------------------

namespace {

struct compute {
  double term;
  reply<double> to;
};
struct next_term {};
struct get_term {
  reply<double> to;
};
using series_message = message<next_term, get_term>;

double rate_of(std::size_t series) { return 3.46 + static_cast<double>(series) * 0.0025; }
double first_term_of(std::size_t series) { return static_cast<double>(series + 1) * 0.0025; }

task<> rate_computer(inbox<message<compute>> in, double rate) {
  while (auto next = co_await in.receive())
    co_await next->match([&](compute& asked) { asked.to(rate * asked.term * (1 - asked.term)); });
}

task<> series(inbox<series_message> in, double term, actor_ref<message<compute>> computer) {
  while (auto next = co_await in.receive())
    co_await next->match([&](next_term&) -> task<> { term = co_await computer.ask<compute>(term); },
                         [&](get_term& asked) { asked.to(term); });
}

} // namespace

task<findings> logistic_map(logistic_map_size size, setting how) {
  double sum = 0;
  co_await in_task_group([&](task_group& group) -> task<> {
    std::vector<actor_ref<series_message>> all;
    for (std::size_t i = 0; i < size.series; ++i)
      all.push_back(group.start_actor(bounded(how), series, first_term_of(i),
                                      group.start_actor(bounded(how), rate_computer, rate_of(i))));
    for (std::size_t n = 0; n < size.terms; ++n)
      for (const auto& each : all)
        co_await each.tell<next_term>();
    for (const auto& each : all)
      sum += co_await each.ask<get_term>();
  });
  double wanted = 0;
  for (std::size_t i = 0; i < size.series; ++i) {
    double term = first_term_of(i);
    for (std::size_t n = 0; n < size.terms; ++n)
      term = rate_of(i) * term * (1 - term);
    wanted += term;
  }
  findings wrong;
  wrong.expect(sum == wanted, "the sum is that of a sequential computation, to the last bit");
  co_return wrong;
}

// ---- SV-15 ----------------------------------------------------------------------------------------------------------

namespace {

struct deposit {
  std::int64_t amount;
  reply<void> to;
};
struct balance {
  reply<std::int64_t> to;
};
struct transfer;
using account_message = message<deposit, balance, transfer>;
struct transfer {
  actor_ref<account_message> destination;
  std::int64_t amount;
  reply<bool> to; // false: a cycle of transfers would have waited for itself, and nothing was done
};

constexpr std::int64_t first_balance = 100'000;

/// True when it has arrived; false: it would never have.
task<bool> arrived(const transfer& asked) {
  try {
    co_await asked.destination.ask<deposit>(asked.amount);
  } catch (const ask_error& failed) {
    if (failed.why() != ask_failure::would_deadlock || !failed.nothing_begun())
      throw;
    co_return false;
  }
  co_return true;
}

task<> account(inbox<account_message> in) {
  std::int64_t cents = first_balance;
  while (auto next = co_await in.receive())
    co_await next->match(
        [&](deposit& asked) {
          cents += asked.amount;
          asked.to();
        },
        [&](balance& asked) { asked.to(cents); },
        [&](transfer& asked) -> task<> {
          cents -= asked.amount;
          const bool acknowledged = co_await arrived(asked);
          if (!acknowledged)
            cents += asked.amount;
          asked.to(acknowledged);
        });
}

struct drawn_transfer {
  std::size_t source, destination;
  std::int64_t amount;
};

enum class transfer_order { ascending, any };

drawn_transfer draw(seeded_random& random, const banking_size& size, transfer_order order) {
  const std::size_t one = random.below(size.accounts);
  const std::size_t other = (one + 1 + random.below(size.accounts - 1)) % size.accounts;
  const auto amount = static_cast<std::int64_t>(1 + random.below(1'000));
  if (order == transfer_order::ascending)
    return {std::min(one, other), std::max(one, other), amount};
  return {one, other, amount};
}

/// The transfers of one teller.
std::size_t share_of(std::size_t teller, const banking_size& size) {
  return size.transfers / size.tellers + (teller < size.transfers % size.tellers ? 1 : 0);
}

struct bank_books {
  std::atomic<std::size_t> acknowledged{0}, refused{0};
};

task<> teller(const std::vector<actor_ref<account_message>>& accounts, std::size_t index, banking_size size,
              transfer_order order, setting how, bank_books& books) {
  seeded_random random{how.seed * 1'000'003 + index};
  for (std::size_t i = 0; i < share_of(index, size); ++i) {
    const drawn_transfer drawn = draw(random, size, order);
    for (bool through = false; !through;) {
      through = co_await accounts[drawn.source].ask<transfer>(accounts[drawn.destination], drawn.amount);
      ++(through ? books.acknowledged : books.refused);
      if (!through)
        co_await yield();
    }
  }
}

std::vector<std::int64_t> balances_wanted(const banking_size& size, transfer_order order, const setting& how) {
  std::vector<std::int64_t> balances(size.accounts, first_balance);
  for (std::size_t index = 0; index < size.tellers; ++index) {
    seeded_random random{how.seed * 1'000'003 + index};
    for (std::size_t i = 0; i < share_of(index, size); ++i) {
      const drawn_transfer drawn = draw(random, size, order);
      balances[drawn.source] -= drawn.amount;
      balances[drawn.destination] += drawn.amount;
    }
  }
  return balances;
}

task<findings> bank(banking_size size, transfer_order order, setting how, bank_books& books) {
  std::vector<std::int64_t> balances;
  co_await in_task_group([&](task_group& group) -> task<> {
    std::vector<actor_ref<account_message>> accounts;
    for (std::size_t i = 0; i < size.accounts; ++i)
      accounts.push_back(group.start_actor(bounded(how), account));
    co_await in_task_group([&](task_group& working) {
      for (std::size_t i = 0; i < size.tellers; ++i)
        working.start(teller, std::cref(accounts), i, size, order, how, std::ref(books));
    });
    for (const auto& each : accounts) {
      const std::int64_t cents = co_await each.ask<balance>();
      balances.push_back(cents);
    }
  });
  findings wrong;
  std::int64_t sum = 0;
  for (const std::int64_t each : balances)
    sum += each;
  wrong.equal("transfers that were acknowledged", books.acknowledged.load(), size.transfers);
  wrong.equal("sum of all balances", sum, first_balance * static_cast<std::int64_t>(size.accounts));
  wrong.expect(balances == balances_wanted(size, order, how), "each balance is what its transfers make of it");
  co_return wrong;
}

} // namespace

task<findings> banking(banking_size size, setting how) {
  bank_books books;
  findings wrong = co_await bank(size, transfer_order::ascending, how, books);
  wrong.equal("transfers that were refused", books.refused.load(), 0);
  co_return wrong;
}

task<findings> banking_in_any_order(banking_size size, setting how, std::size_t& refused) {
  bank_books books;
  findings wrong = co_await bank(size, transfer_order::any, how, books);
  refused = books.refused;
  co_return wrong;
}

} // namespace troupe::savina
