#include <troupe/topology/kinds.hpp>

#include <troupe/actors/retry.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/topology/node.hpp>
#include <troupe/topology/stream_kinds.hpp>

#include <stdexcept>

namespace troupe::topology {

namespace {

parameter time_of(const char* name, const char* what) {
  return {.name = name, .type = parameter_type::time, .fallback = duration::zero(), .what = what};
}
parameter count_of(const char* name, std::uint64_t fallback, const char* what, double least = 0) {
  return {.name = name, .type = parameter_type::count, .fallback = fallback, .what = what, .least = least};
}
const char* const work_means = "How long it sleeps over each item.";
const char* const busy_means = "How long it computes for each item, about.";

/// Over all of its runs, so that a restart goes on where it was.
struct progress {
  std::atomic<std::uint64_t> items{0};
};

task<> run_source(node& here) {
  const std::uint64_t items = here.count("items"), keys = here.count("keys");
  const auto made = here.kept<progress>();
  while (items == 0 || made->items < items) {
    co_await here.wait_every();
    item next = here.made();
    next.key = keys == 0 ? next.number : next.number % keys;
    here.fault();
    ++made->items;
    co_await here.send(next);
  }
}

task<> run_stage(node& here) {
  const std::uint64_t keep_one_in = here.count("keep_one_in"), makes = here.count("makes");
  const std::uint64_t hops_max = here.count("hops_max");
  const auto seen = here.kept<progress>();
  co_await here.each([&](item& what) -> task<> {
    co_await here.work(what);
    if (seen->items++ % keep_one_in != 0 || (hops_max != 0 && what.hops >= hops_max))
      co_return;
    for (std::uint64_t i = 0; i < makes; ++i)
      co_await here.send(what);
  });
}

task<> run_sink(node& here) {
  co_await here.each([&](item& what) -> task<> { co_await here.work(what); });
}

task<> ask_once(node& here, item what) {
  for (std::size_t i = 0; i < here.asks(); ++i) {
    const std::optional<item> answer = co_await here.ask(i, what);
    if (!answer)
      here.add("given_up");
  }
}
task<> ask_in_time(node& here, item what, const retry_policy& policy) {
  if (!here.described().deadline)
    co_await retry(policy, [&]() -> task<> { return ask_once(here, what); });
  else
    co_await fail_after(*here.described().deadline, retry(policy, [&]() -> task<> { return ask_once(here, what); }));
}

task<> run_client(node& here) {
  const std::uint64_t items = here.count("items");
  const auto made = here.kept<progress>();
  retry_policy policy;
  policy.attempts = static_cast<int>(here.count("attempts"));
  policy.backoff = here.time("backoff");
  policy.may = [](const ask_error& failed) noexcept { return failed.why() != ask_failure::would_deadlock; };
  while (items == 0 || made->items < items) {
    co_await here.wait_every();
    const item next = here.made();
    ++made->items;
    const outcome<> ended = co_await as_outcome(ask_in_time(here, next, policy));
    if (ended.has_error()) {
      here.add("failed");
      here.note(ended.error());
      if (!here.flag("goes_on"))
        std::rethrow_exception(ended.error());
    }
  }
}

task<> run_worker(node& here) {
  const std::uint64_t items = here.count("items");
  const auto made = here.kept<progress>();
  while (items == 0 || made->items < items) {
    co_await here.wait_every();
    ++made->items;
    here.fault();
    here.add("steps");
  }
}

} // namespace

kinds standard_kinds() {
  const parameter items = count_of("items", 0, "How many it makes; 0: without end.");
  const parameter every = time_of("every", "How long it waits before each.");
  const parameter work = time_of("work", work_means), busy = time_of("busy", busy_means);
  const parameter commit = time_of("commit", "How long its last phase takes, in the node's shield if it has one.");
  kinds all;
  all.add(
      {.name = "source",
       .what = "Makes items and sends them.",
       .outputs = wants::at_least_one,
       .parameters = {items, every, count_of("keys", 0, "How many different keys its items have; 0: each its own.")}},
      run_source);
  all.add({.name = "stage",
           .what = "Works on each item and sends it on; who asks it has the answer after that.",
           .inputs = wants::at_least_one,
           .outputs = wants::at_least_one,
           .asked_by = wants::some,
           .asks = wants::some,
           .goes_on_always = true,
           .parameters = {work, busy, commit, count_of("keep_one_in", 1, "It sends one in so many.", 1),
                          count_of("makes", 1, "How many it sends for each that it keeps."),
                          count_of("hops_max", 0, "What has come over so many edges goes no further; 0: no limit.")}},
          run_stage);
  all.add({.name = "sink",
           .what = "Works on each item, and that is its end.",
           .inputs = wants::at_least_one,
           .asks = wants::some,
           .goes_on_always = true,
           .parameters = {work, busy, commit}},
          run_sink);
  all.add({.name = "server",
           .what = "Works on each question and answers it; it may ask others for that.",
           .inputs = wants::some,
           .asked_by = wants::at_least_one,
           .asks = wants::some,
           .goes_on_always = true,
           .parameters = {work, busy, commit}},
          run_sink);
  all.add({.name = "client",
           .what = "Asks, one after the other.",
           .asks = wants::at_least_one,
           .parameters = {items,
                          every,
                          count_of("attempts", 1, "How often it asks for the same.", 1),
                          {.name = "backoff",
                           .type = parameter_type::time,
                           .fallback = duration{std::chrono::milliseconds{10}},
                           .what = "How long it waits before the second attempt; twice as long before each other."},
                          {.name = "goes_on",
                           .type = parameter_type::flag,
                           .fallback = true,
                           .what = "Whether it goes on after an ask that failed, instead of failing itself."}},
           .counters = {"failed", "given_up"}},
          run_client);
  all.add({.name = "worker",
           .what = "Works in steps, by itself: for trees that are there to crash.",
           .parameters = {items,
                          {.name = "every",
                           .type = parameter_type::time,
                           .fallback = duration{std::chrono::milliseconds{10}},
                           .what = "How long a step takes."}},
           .counters = {"steps"}},
          run_worker);
  add_stream_kinds(all);
  return all;
}

} // namespace troupe::topology
