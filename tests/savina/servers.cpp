#include <tests/savina/servers.hpp>

#include <tests/savina/history.hpp>
#include <tests/savina/server_problems.hpp>

#include <algorithm>
#include <atomic>
#include <forward_list>
#include <functional>
#include <iterator>
#include <map>
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

task<> client(actor_ref<server_message> to, questions asks, std::size_t messages, std::atomic<std::uint64_t>& clock,
              std::vector<observed>& seen) {
  for (std::size_t i = 0; i < messages; ++i) {
    observed now;
    now.asked = asks.next();
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
        asking.start(client, to, questions{plan, i, how.seed}, plan.messages, std::ref(clock), std::ref(seen[i]));
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
  const client_plan plan{size};
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
  const client_plan plan{size};
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

} // namespace troupe::savina
