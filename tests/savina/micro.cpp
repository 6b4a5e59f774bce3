#include <tests/savina/micro.hpp>

#include <tests/savina/micro_problems.hpp>

#include <troupe/scope/checkpoint.hpp>
#include <troupe/simulation/random.hpp>

#include <functional>
#include <optional>

namespace troupe::savina {

// ---- SV-01: the address to answer to comes with the ping ------------------------------------------------------------

namespace {

struct pong {
  std::size_t number;
};
struct begin_pinging;
using pinger_message = message<begin_pinging, pong>;
struct begin_pinging {
  actor_ref<pinger_message> self;
};
struct ping {
  std::size_t number;
  actor_ref<pinger_message> from;
};

task<> ponger(inbox<message<ping>> in, pingpong_books& books) {
  while (auto next = co_await in.receive())
    co_await next->match([&](ping& asked) -> task<> {
      books.in_order = asked.number == books.pings++ && books.in_order;
      co_await asked.from.tell<pong>(asked.number);
    });
}

task<> pinger(inbox<pinger_message> in, actor_ref<message<ping>> to, std::size_t pings, pingpong_books& books) {
  std::optional<actor_ref<pinger_message>> self;
  while (auto next = co_await in.receive()) {
    co_await next->match([&](begin_pinging& begun) { self = begun.self; },
                         [&](pong& answer) { books.in_order = answer.number == books.pongs++ && books.in_order; });
    if (books.pongs == pings)
      break;
    co_await to.tell<ping>(books.pongs, *self);
  }
}

} // namespace

task<findings> pingpong(pingpong_size size, setting how) {
  pingpong_books books;
  co_await in_task_group([&](task_group& group) -> task<> {
    const actor_ref to = group.start_actor(bounded(how), ponger, std::ref(books));
    const actor_ref from = group.start_actor(bounded(how), pinger, to, size.pings, std::ref(books));
    co_await from.tell<begin_pinging>(from);
  });
  co_return judged(books, size);
}

// ---- SV-02 ----------------------------------------------------------------------------------------------------------

namespace {

struct increment {};
struct retrieve {
  reply<std::size_t> to;
};
using counter_message = message<increment, retrieve>;

task<> counter(inbox<counter_message> in) {
  std::size_t counted = 0;
  while (auto next = co_await in.receive())
    co_await next->match([&](increment&) { ++counted; }, [&](retrieve& asked) { asked.to(counted); });
}

task<> flood(actor_ref<counter_message> to, std::size_t messages, std::size_t& counted) {
  for (std::size_t i = 0; i < messages; ++i)
    co_await to.tell<increment>();
  counted = co_await to.ask<retrieve>();
}

} // namespace

task<findings> count(count_size size, setting how) {
  std::size_t counted = 0;
  co_await in_task_group([&](task_group& group) {
    group.start(flood, group.start_actor(bounded(how), counter), size.messages, std::ref(counted));
  });
  findings wrong;
  wrong.equal("counted", counted, size.messages);
  co_return wrong;
}

// ---- SV-03 ----------------------------------------------------------------------------------------------------------

namespace {

struct numbered {
  std::size_t number;
};

task<> flooded(inbox<message<numbered>> in, throughput_books& books) {
  while (auto next = co_await in.receive())
    co_await next->match([&](numbered& told) { books.in_order = told.number == books.handled++ && books.in_order; });
}

} // namespace

task<findings> fork_join_throughput(fork_join_throughput_size size, setting how) {
  std::vector<throughput_books> books(size.actors);
  co_await in_task_group([&](task_group& group) -> task<> {
    std::vector<actor_ref<message<numbered>>> all;
    for (throughput_books& each : books)
      all.push_back(group.start_actor(bounded(how), flooded, std::ref(each)));
    for (std::size_t i = 0; i < size.messages; ++i)
      for (const auto& each : all)
        co_await each.tell<numbered>(i);
  });
  co_return judged(books, size);
}

// ---- SV-04 ----------------------------------------------------------------------------------------------------------

namespace {

task<> short_lived(inbox<message<increment>> in, create_books& books) {
  const presence here{books.actors};
  if (auto next = co_await in.receive())
    co_await next->match([&](increment&) { ++books.told; });
}

} // namespace

task<findings> fork_join_create(fork_join_create_size size, setting how) {
  create_books books;
  co_await in_task_group([&](task_group& group) -> task<> {
    for (std::size_t i = 0; i < size.actors; ++i) {
      const actor_ref made = group.start_actor(bounded(how), short_lived, std::ref(books));
      co_await made.tell<increment>();
      if (i % 8 == 7)
        co_await yield();
    }
  });
  co_return judged(books, size);
}

// ---- SV-05 ----------------------------------------------------------------------------------------------------------

namespace {

struct token {
  std::size_t left;
};
struct leave {
  std::size_t left; ///< How many have not been told.
};
struct link;
using ring_message = message<token, leave, link>;
struct link {
  actor_ref<ring_message> next;
};

task<> ring_member(inbox<ring_message> in, std::size_t index, thread_ring_size size, ring_books& books) {
  const presence here{books.actors};
  std::optional<actor_ref<ring_message>> neighbour;
  bool leaves = false;
  while (auto next = co_await in.receive()) {
    co_await next->match([&](link& linked) { neighbour = linked.next; },
                         [&](token& held) -> task<> {
                           books.one_less = books.one_less && held.left == size.hops - books.hops;
                           if (held.left == 0) {
                             books.last_holder = index;
                             co_await neighbour->tell<leave>(size.actors - 1);
                             co_return;
                           }
                           ++books.hops;
                           co_await neighbour->tell<token>(held.left - 1);
                         },
                         [&](leave& told) -> task<> {
                           leaves = true;
                           if (told.left > 0)
                             co_await neighbour->tell<leave>(told.left - 1);
                         });
    if (leaves)
      break;
  }
}

} // namespace

task<findings> thread_ring(thread_ring_size size, setting how) {
  ring_books books;
  co_await in_task_group([&](task_group& group) -> task<> {
    std::vector<actor_ref<ring_message>> ring;
    for (std::size_t i = 0; i < size.actors; ++i)
      ring.push_back(group.start_actor(bounded(how), ring_member, i, size, std::ref(books)));
    for (std::size_t i = 0; i < size.actors; ++i)
      co_await ring[i].tell<link>(ring[(i + 1) % size.actors]);
    co_await ring[0].tell<token>(size.hops);
  });
  co_return judged(books, size);
}

// ---- SV-06: who comes first waits for the answer of its ask, which the mall keeps until somebody else comes ---------

namespace {

struct meet {
  partner who;
  reply<std::optional<partner>> to; // nobody: the mall has closed
};

task<> mall(inbox<message<meet>> in, std::size_t meetings, std::size_t& held) {
  std::optional<meet> first;
  while (auto next = co_await in.receive())
    co_await next->match([&](meet& asked) {
      if (held == meetings) {
        asked.to(std::nullopt);
      } else if (!first) {
        first = std::move(asked);
      } else {
        ++held;
        first->to(asked.who);
        asked.to(first->who);
        first.reset();
      }
    });
}

task<> creature(actor_ref<message<meet>> to, partner self, std::vector<std::size_t>& met, attendance& creatures) {
  const presence here{creatures};
  while (const auto other = co_await to.ask<meet>(self)) {
    ++met[other->index];
    self.has = mixed(self.has, other->has);
  }
}

} // namespace

task<findings> chameneos(chameneos_size size, setting how) {
  meeting_books books{size.creatures};
  co_await in_task_group([&](task_group& group) {
    const actor_ref place = group.start_actor(bounded(how), mall, size.meetings, std::ref(books.held));
    for (std::size_t i = 0; i < size.creatures; ++i)
      group.start(creature, place, creature_at(i), std::ref(books.met[i]), std::ref(books.creatures));
  });
  co_return judged(books, size);
}

// ---- SV-07: who pings is a fiber beside the actor that answers, so that two may ping each other

namespace {

struct asks_who {
  reply<std::size_t> to;
};

task<> answers_who(inbox<message<asks_who>> in, std::size_t index, std::size_t& answered) {
  while (auto next = co_await in.receive())
    co_await next->match([&](asks_who& asked) {
      ++answered;
      asked.to(index);
    });
}

task<> pings_anybody(const std::vector<actor_ref<message<asks_who>>>& all, std::size_t index, std::size_t pings,
                     std::uint64_t seed, big_books& books) {
  seeded_random random = targets_of(index, seed);
  for (std::size_t i = 0; i < pings; ++i) {
    const std::size_t whom = random.below(all.size());
    const std::size_t who = co_await all[whom].ask<asks_who>();
    ++books.pongs;
    books.from_others += who == whom ? 0 : 1;
  }
}

} // namespace

task<findings> big(big_size size, setting how) {
  std::vector<big_books> books(size.actors);
  co_await in_task_group([&](task_group& group) -> task<> {
    std::vector<actor_ref<message<asks_who>>> all;
    for (std::size_t i = 0; i < size.actors; ++i)
      all.push_back(group.start_actor(bounded(how), answers_who, i, std::ref(books[i].answered)));
    co_await in_task_group([&](task_group& pinging) {
      for (std::size_t i = 0; i < size.actors; ++i)
        pinging.start(pings_anybody, std::cref(all), i, size.pings, how.seed, std::ref(books[i]));
    });
  });
  co_return judged(books, size, how.seed);
}

} // namespace troupe::savina
