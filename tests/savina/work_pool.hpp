// Workers who fetch what is to be done next from one master, the most urgent first.

#pragma once

#include <tests/savina/savina.hpp>

#include <troupe/scope/task.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace troupe::savina {

/// What a worker made of an item: a result, or further items, or both.
template <class Item, class Result>
struct worked {
  std::optional<Result> result;
  std::vector<Item> more;
};

/// Of a worker: here is what I have done, give me the next item. Nothing is to be done any more: there is none.
template <class Item, class Result>
struct fetch {
  std::optional<worked<Item, Result>> last; ///< Empty: its first time.
  reply<std::optional<Item>> to;
};

/// Gives out the items, the greatest first, until none is left and nobody works on one, or `take(worked&)` says false:
/// then what is under way is not waited for. Who finds nothing to do waits for the answer to its fetch.
template <class Item, class Result, class Take>
task<> master(inbox<message<fetch<Item, Result>>> in, std::vector<Item> items, Take take) {
  std::vector<fetch<Item, Result>> idle;
  std::size_t under_way = 0;
  bool goes_on = true;
  std::make_heap(items.begin(), items.end());
  while (auto next = co_await in.receive())
    co_await next->match([&](fetch<Item, Result>& asked) {
      if (asked.last) {
        --under_way;
        goes_on = goes_on && take(*asked.last);
        for (Item& each : asked.last->more) {
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
        for (fetch<Item, Result>& each : idle)
          each.to(std::nullopt);
        idle.clear();
      }
    });
}

template <class Item, class Result, class Work>
task<> worker(actor_ref<message<fetch<Item, Result>>> from, Work work, attendance& workers) {
  const presence here{workers};
  std::optional<worked<Item, Result>> last;
  while (auto item = co_await from.template ask<fetch<Item, Result>>(std::move(last)))
    last = work(*item);
}

/// Runs a master and its workers in `group`. `work(item&)` is called on any thread, `take(worked&)` by one at a time.
template <class Item, class Result, class Work, class Take>
void start_work(task_group& group, std::vector<Item> first, std::size_t count, setting how, attendance& workers,
                Work work, Take take) {
  const actor_ref to = group.start_actor(bounded(how), master<Item, Result, Take>, std::move(first), std::move(take));
  for (std::size_t i = 0; i < count; ++i)
    group.start(worker<Item, Result, Work>, to, work, std::ref(workers));
}

} // namespace troupe::savina
