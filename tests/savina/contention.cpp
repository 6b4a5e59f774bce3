#include <tests/savina/contention.hpp>

#include <tests/savina/contention_problems.hpp>

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
  buffer_books books{size.consumers};
  co_await in_task_group([&](task_group& group) -> task<> {
    const actor_ref manager = group.start_actor(bounded(how), buffer_manager, size.buffer, std::ref(books));
    for (std::vector<std::size_t>& each : books.taken)
      group.start(consumer, manager, std::ref(each), std::ref(books));
    co_await in_task_group([&](task_group& producing) {
      for (std::size_t i = 0; i < size.producers; ++i)
        producing.start(producer, manager, i * size.items, size.items, std::ref(books));
    });
    co_await manager.tell<no_more>();
  });
  co_return judged(books, size);
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
  taken_forks taken{forks};
  std::deque<hungry> waiting;
  const auto serve = [&](hungry& asked) {
    if (!taken.take(asked.who))
      return false;
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
          taken.give_back(told.who);
          for (auto each = waiting.begin(); each != waiting.end();)
            each = serve(*each) ? waiting.erase(each) : std::next(each);
        });
}

task<> philosopher(actor_ref<arbiter_message> arbiter, std::size_t who, std::size_t rounds, table& at) {
  for (std::size_t i = 0; i < rounds; ++i) {
    co_await arbiter.ask<hungry>(who);
    at.begin_meal(who);
    co_await yield(); // eats
    at.end_meal(who);
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
  co_return judged(at, size);
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
  barber_books books{size.haircuts};
  co_await in_task_group([&](task_group& group) -> task<> {
    const actor_ref room = group.start_actor(bounded(how), waiting_room, size.room, std::ref(books.most));
    group.start(barber, room, std::ref(books.cut));
    co_await in_task_group([&](task_group& coming) {
      for (std::size_t i = 0; i < size.haircuts; ++i)
        coming.start(customer, room, i, std::ref(books.served));
    });
    co_await room.tell<close_shop>();
  });
  co_return judged(books, size);
}

// ---- SV-13 ----------------------------------------------------------------------------------------------------------

namespace {

struct smoke {
  std::chrono::microseconds how_long;
  reply<void> to; // as soon as it smokes
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
  smoking_books books{size.smokers};
  co_await in_task_group([&](task_group& group) {
    std::vector<actor_ref<message<smoke>>> smokers;
    for (std::size_t& each : books.times)
      smokers.push_back(group.start_actor(bounded(how), smoker, std::ref(each), std::ref(books)));
    group.start(smoking_arbiter, std::move(smokers), size.rounds, how, std::ref(books));
  });
  co_return judged(books, size, how.seed);
}

} // namespace troupe::savina
