// CAF with two scheduler threads: 0.17.6, as Debian has it (caf017), and 1.x (caf1) from the same sources. CAF has no
// bounded mailbox, so the bound of 100 is credit, granted in messages (caf_streams.hpp), except in flows:
//
//   pipeline        window of 100, one grant per item, to eight consumers in turn
//   pipeline_batch  six items per grant;   pipeline_unb  no window at all
//   chain           window of 100 per hop, 50 items per grant;   chain_unb  no window
//   fanin           window of 12 per producer, six items per grant;   fanin_unb  no window
//   pipeline_flow, chain_flow, fanin_flow   1.x only: flows over bounded buffers (caf_flows.hpp)
//   pingpong        request().then();   pingpong_send  two plain sends
//   ring spawn idle
//   restart         a child throws on each message; its parent monitors it and spawns the next
//   taskgroup       a parent monitors 1,000 children and kills the rest at the first down message
//   taskgroup_link  the same by links, without a line of own code

#include "caf_actors.hpp"
#include "caf_flows.hpp"
#include "caf_streams.hpp"
#include "peer.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace peer;

struct result {
  double seconds;
  std::string figure = {};
};

result until_finished(double began) {
  board.finished.get_future().wait();
  return {now() - began};
}

result pipeline(caf::actor_system& system, const request& asked) {
  const bool bounded = !asked.is("unb");
  const credit batch = !bounded ? no_acks : asked.is("batch") ? 6 : 1;
  const double began = now();
  std::vector<caf::actor> consumers;
  board.consumers_left = consumer_count;
  for (int k = 0; k < consumer_count; ++k)
    consumers.push_back(system.spawn<consumer>(batch, 1));
  auto source = system.spawn<producer>(consumers, item{0}, asked.n, producer::anonymous);
  for (const caf::actor& consumer : consumers)
    post(consumer, source);
  post(source, bounded ? credit{bound} : no_window);
  return until_finished(began);
}

result chain(caf::actor_system& system, const request& asked) {
  const bool bounded = !asked.is("unb");
  const credit window = bounded ? credit{bound} : no_window, batch = bounded ? credit{bound / 2} : no_acks;
  const double began = now();
  board.consumers_left = 1;
  caf::actor next = system.spawn<consumer>(batch, 1);
  for (int k = 0; k < stage_count; ++k) {
    auto before = system.spawn<stage>(next, window, batch);
    post(next, before);
    next = before;
  }
  auto source = system.spawn<producer>(std::vector<caf::actor>{next}, item{0}, asked.n, producer::anonymous);
  post(next, source);
  post(source, window);
  return until_finished(began);
}

result fanin(caf::actor_system& system, const request& asked) {
  const bool bounded = !asked.is("unb");
  const credit window = bounded ? credit{bound / producer_count} : no_window, batch = bounded ? window / 2 : no_acks;
  const int64_t part = asked.n / producer_count;
  const double began = now();
  board.consumers_left = 1;
  auto sink = system.spawn<consumer>(batch, producer_count);
  std::vector<caf::actor> sources;
  for (int k = 0; k < producer_count; ++k)
    sources.push_back(system.spawn<producer>(std::vector<caf::actor>{sink}, k * part, (k + 1) * part, item_source{k}));
  for (const caf::actor& source : sources)
    post(sink, source);
  for (const caf::actor& source : sources)
    post(source, window);
  return until_finished(began);
}

result pingpong(caf::actor_system& system, const request& asked) {
  const double began = now();
  auto other = system.spawn<pong>();
  auto player = system.spawn<ping>(other, asked.n, !asked.is("send"));
  post(other, player);
  post(player, stop{});
  return until_finished(began);
}

result ring(caf::actor_system& system, const request& asked) {
  std::vector<caf::actor> nodes;
  for (int64_t k = 0; k < ring_size; ++k)
    nodes.push_back(system.spawn<ring_node>(k));
  for (size_t k = 0; k < ring_size; ++k)
    post(nodes[k], nodes[(k + 1) % ring_size]);
  const double began = now();
  post(nodes[0], asked.n);
  const result took = until_finished(began);
  for (const caf::actor& node : nodes)
    post(node, stop{});
  peer::require(board.count == asked.n % ring_size, "the token ended at another actor");
  board.count = 0;
  board.add(all_of(asked.n)); // the token counted its hops itself
  return took;
}

result spawn_each(caf::actor_system& system, const request& asked) {
  const double began = now();
  system.spawn([n = asked.n](caf::event_based_actor* self) {
    for (int64_t i = 0; i < n; ++i)
      tell(self, self->spawn<one_shot>(), i);
  });
  system.await_all_actors_done();
  return {now() - began};
}

result idle(caf::actor_system& system, const request& asked) {
  const int64_t kb_before = status_kb("VmRSS");
  const double began = now();
  std::vector<caf::actor> actors;
  actors.reserve(static_cast<size_t>(asked.n));
  for (int64_t i = 0; i < asked.n; ++i)
    actors.push_back(system.spawn<one_shot>());
  while (one_shot::waiting < asked.n)
    std::this_thread::yield();
  const result took{now() - began, bytes_per(kb_before, asked.n)};
  for (int64_t i = 0; i < asked.n; ++i)
    post(actors[static_cast<size_t>(i)], i);
  actors.clear();
  system.await_all_actors_done();
  return took;
}

result restart(caf::actor_system& system, const request& asked) {
  const double began = now();
  auto parent = system.spawn<restarter>(asked.n); // held: an actor that nobody refers to ends, though it monitors
  post(parent, stop{});
  return until_finished(began);
}

result taskgroup(caf::actor_system& system, const request& asked) {
  constexpr std::chrono::milliseconds until_quiet{2};
  std::vector<std::unique_ptr<group_round>> rounds;
  std::vector<double> took;
  for (int r = 0; r < taskgroup_rounds; ++r) {
    group_round& round = *rounds.emplace_back(std::make_unique<group_round>(asked.n));
    auto owner = system.spawn<group_owner>(&round, asked.is("link"));
    round.all_begun.get_future().wait();
    std::this_thread::sleep_for(until_quiet); // tidy: allow thread-sleep (no part of troupe: there is no virtual time)
    post(owner, stop{});
    owner = nullptr;
    round.all_ended.get_future().wait();
    took.push_back(round.ended_at - round.failed_at);
  }
  std::sort(took.begin(), took.end());
  board.add(all_of(asked.n)); // all_ended counted the children
  const double median = took[took.size() / 2];
  return {median, "us=" + std::to_string(static_cast<int64_t>(median * 1e6))};
}

#if PEER_CAF_1
result flow(caf::actor_system& system, const request& asked) {
  const double began = now();
  flows actors(system);
  if (asked.base() == "pipeline")
    actors.pipeline(asked.n);
  else if (asked.base() == "chain")
    actors.chain(asked.n);
  else
    actors.fanin(asked.n);
  return until_finished(began);
}
#endif

struct workload {
  const char* name;
  result (*run)(caf::actor_system& system, const request& asked);
};
constexpr workload workloads[] = {{"pipeline", pipeline},
                                  {"pipeline_batch", pipeline},
                                  {"pipeline_unb", pipeline},
                                  {"chain", chain},
                                  {"chain_unb", chain},
                                  {"fanin", fanin},
                                  {"fanin_unb", fanin},
#if PEER_CAF_1
                                  {"pipeline_flow", flow},
                                  {"chain_flow", flow},
                                  {"fanin_flow", flow},
#endif
                                  {"pingpong", pingpong},
                                  {"pingpong_send", pingpong},
                                  {"ring", ring},
                                  {"spawn", spawn_each},
                                  {"idle", idle},
                                  {"restart", restart},
                                  {"taskgroup", taskgroup},
                                  {"taskgroup_link", taskgroup}};

[[noreturn]] void run(const workload& chosen, const request& asked) {
  caf::actor_system_config config;
#if PEER_CAF_1
  caf::core::init_global_meta_objects();
  config.set("caf.scheduler.max-threads", 2);
#else
  config.set("scheduler.max-threads", 2);
#endif
  caf::actor_system system{config};
  const result took = chosen.run(system, asked);
  verify(board.all(), asked.n);
  report(caf_name, asked, took.seconds, took.figure);
  _exit(0); // without waiting for actors that are still on their way out
}

} // namespace

int main(int argc, char** argv) {
  const request asked = read_arguments(argc, argv);
  for (const workload& known : workloads)
    if (asked.workload == known.name)
      run(known, asked);
  no_such_workload(asked);
}
