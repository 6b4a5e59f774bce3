// Items through mailboxes: pipeline, fanin, chain, pingpong, ring.

#include <troupe/bench/workloads.hpp>

#include <memory>
#include <numeric>

namespace troupe::bench {

namespace {

using number = std::int64_t;

/// What one consumer has seen. Each on a cache line of its own, so that consumers do not slow each other down here.
struct alignas(64) tally {
  number count = 0;
  number sum = 0;
};

task<> produce(sender<number> out, number from, number to) {
  for (number i = from; i < to; ++i)
    co_await out.send(i);
}

template <class Receiver>
task<> consume(Receiver in, tally& seen, std::int64_t work_ns) {
  tally mine;
  while (auto item = co_await in.receive()) {
    spin(work_ns);
    mine.sum += *item;
    ++mine.count;
  }
  seen = mine;
}

measured checked(number n, double seconds, const std::vector<tally>& seen) {
  tally all;
  for (const tally& one : seen) {
    all.count += one.count;
    all.sum += one.sum;
  }
  return {n, seconds, all.count == n && all.sum == sum_below(n)};
}

measured many_to_many(runtime& on, const settings& how, std::size_t producers, std::size_t consumers,
                      std::int64_t work_ns) {
  const number share = how.n / static_cast<number>(producers);
  const number n = share * static_cast<number>(producers);
  std::vector<tally> seen(consumers);
  const double seconds = seconds_of_group(on, [&](task_group& group) {
    const auto kept = std::make_shared<mailbox<number>>(capacity{how.capacity});
    const mailbox<number>& items = *kept;
    if (how.shown != nullptr)
      how.shown->show([kept] { return kept->statistics(); });
    if (consumers == 1)
      group.start(consume<inbox<number>>, items.inbox(), std::ref(seen[0]), work_ns);
    else
      for (tally& one : seen)
        group.start(consume<receiver<number>>, items.receiver(), std::ref(one), work_ns);
    for (std::size_t i = 0; i < producers; ++i)
      group.start(produce, items.sender(), share * static_cast<number>(i), share * static_cast<number>(i + 1));
  });
  return checked(n, seconds, seen);
}

} // namespace

measured pipeline(runtime& on, const settings& how) { return many_to_many(on, how, 1, how.consumers, 0); }
measured pipeline_work(runtime& on, const settings& how) {
  return many_to_many(on, how, 1, how.consumers, how.work_ns);
}
measured fanin(runtime& on, const settings& how) { return many_to_many(on, how, 8, 1, 0); }

namespace {

task<> stage(inbox<number> in, sender<number> out) {
  while (auto item = co_await in.receive())
    co_await out.send(*item);
}

} // namespace

measured chain(runtime& on, const settings& how) {
  constexpr std::size_t stages = 10;
  std::vector<tally> seen(1);
  const double seconds = seconds_of_group(on, [&](task_group& group) {
    mailbox<number> first{capacity{how.capacity}};
    inbox<number> in = first.inbox();
    for (std::size_t i = 0; i < stages; ++i) {
      mailbox<number> next{capacity{how.capacity}};
      group.start(stage, std::move(in), next.sender());
      in = next.inbox();
    }
    group.start(consume<inbox<number>>, std::move(in), std::ref(seen[0]), std::int64_t{0});
    group.start(produce, first.sender(), number{0}, how.n);
  });
  return checked(how.n, seconds, seen);
}

namespace {

/// A request carries where its answer goes, as an ask does.
struct call {
  call(number asked, const sender<number>& answer_to) : value(asked), reply(&answer_to) {}
  number value;
  const sender<number>* reply;
};

task<> serve(inbox<call> in) {
  while (auto asked = co_await in.receive())
    co_await asked->reply->send(asked->value);
}

task<> play(sender<call> out, sender<number> reply, inbox<number> answers, number n, tally& seen) {
  for (number i = 0; i < n; ++i) {
    co_await out.send(i, reply);
    auto answer = co_await answers.receive();
    seen.sum += *answer;
    ++seen.count;
  }
}

} // namespace

measured pingpong(runtime& on, const settings& how) {
  std::vector<tally> seen(1);
  const double seconds = seconds_of_group(on, [&](task_group& group) {
    mailbox<call> calls{capacity{how.capacity}};
    mailbox<number> answers{capacity{1}};
    group.start(serve, calls.inbox());
    group.start(play, calls.sender(), answers.sender(), answers.inbox(), how.n, std::ref(seen[0]));
  });
  return checked(how.n, seconds, seen);
}

namespace {

task<> pass_on(inbox<number> in, sender<number> out, double& ended) {
  while (auto token = co_await in.receive()) {
    if (*token == 0) {
      ended = now();
      out.close(); // the next one ends, and closes on
      co_return;
    }
    co_await out.send(*token - 1);
  }
  out.close();
}

} // namespace

measured ring(runtime& on, const settings& how) {
  constexpr std::size_t actors = 1000;
  double began = 0;
  double ended = 0;
  static_cast<void>(on.run([&]() -> task<> {
    co_await in_task_group([&](task_group& group) -> task<> {
      std::vector<sender<number>> out;
      std::vector<inbox<number>> in;
      for (std::size_t i = 0; i < actors; ++i) {
        mailbox<number> one{capacity{1}};
        out.push_back(one.sender());
        in.push_back(one.inbox());
      }
      for (std::size_t i = 0; i < actors; ++i)
        group.start(pass_on, std::move(in[i]), out[(i + 1) % actors], std::ref(ended));
      began = now();
      co_await out[0].send(how.n);
    });
  }));
  return {how.n, ended - began, ended > began};
}

} // namespace troupe::bench
