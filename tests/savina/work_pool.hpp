// Workers who fetch what is to be done next from one master, the most urgent first.

#pragma once

#include <tests/savina/savina.hpp>
#include <tests/savina/worker_problem.hpp>

#include <troupe/scope/task.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::savina {

/// Of a worker: here is what I have done, give me the next item. Nothing is to be done any more: there is none.
template <class Problem>
struct fetch {
  std::optional<worked_on<Problem>> last; ///< Empty: its first time.
  reply<std::optional<typename Problem::item>> to;
};

/// Gives out the items, the greatest first, until none is left and nobody works on one, or `take` says false: then what
/// is under way is not waited for. Who finds nothing to do waits for the answer to its fetch.
template <class Problem>
task<> master(inbox<message<fetch<Problem>>> in, Problem& problem) {
  std::vector<typename Problem::item> items = problem.first();
  std::vector<fetch<Problem>> idle;
  std::size_t under_way = 0;
  bool goes_on = true;
  std::make_heap(items.begin(), items.end());
  while (auto next = co_await in.receive())
    co_await next->match([&](fetch<Problem>& asked) {
      if (asked.last) {
        --under_way;
        goes_on = goes_on && problem.take(*asked.last);
        for (auto& each : asked.last->more) {
          items.push_back(std::move(each));
          std::push_heap(items.begin(), items.end());
        }
      }
      idle.push_back(std::move(asked));
      while (goes_on && !idle.empty() && !items.empty()) {
        std::pop_heap(items.begin(), items.end());
        idle.back().to(std::move(items.back()));
        items.pop_back();
        idle.pop_back();
        ++under_way;
      }
      if (!goes_on || (items.empty() && under_way == 0)) {
        for (fetch<Problem>& each : idle)
          each.to(std::nullopt);
        idle.clear();
      }
    });
}

template <class Problem>
task<> worker(actor_ref<message<fetch<Problem>>> from, const Problem& problem, attendance& workers) {
  const presence here{workers};
  std::optional<worked_on<Problem>> last;
  while (auto item = co_await from.template ask<fetch<Problem>>(std::move(last)))
    last = problem.work(*item);
}

/// Runs a master and `count` workers until the problem is solved.
template <worker_problem Problem>
task<findings> solve(Problem problem, std::size_t count, setting how) {
  attendance workers;
  co_await in_task_group([&](task_group& group) {
    const actor_ref from = group.start_actor(bounded(how), master<Problem>, std::ref(problem));
    for (std::size_t i = 0; i < count; ++i)
      group.start(worker<Problem>, from, std::cref(problem), std::ref(workers));
  });
  findings wrong = problem.judged();
  wrong.all_left("workers", workers, count);
  co_return wrong;
}

} // namespace troupe::savina
