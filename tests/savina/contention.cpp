#include <tests/savina/contention.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <iterator>
#include <optional>

namespace troupe::savina {

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

} // namespace troupe::savina
