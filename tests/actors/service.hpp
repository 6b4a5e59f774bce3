// An actor whose work can be told to take time, fail, keep or drop its reply: for the tests of asks.

#pragma once

#include <tests/simulation/any_order.hpp>

#include <troupe/actors/actor.hpp>

#include <tests/failures.hpp>
#include <tests/scope/waits.hpp>
#include <tests/simulation/seeded_runs.hpp>

#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::tests {

enum class manner {
  answers,      ///< After its time.
  shielded,     ///< The same, in a shield.
  drops,        ///< Drops the reply after its time, and goes on.
  keeps,        ///< Keeps the reply, and answers nothing.
  throws,       ///< After its time.
  answers_late, ///< Answers at once, and works on.
};

/// Asks for `id`, back.
struct work {
  int id;
  manner how;
  duration takes;
  reply<int> to;
};
/// Told, not asked.
struct remark {
  int id;
};
using service_message = message<work, remark>;

/// What a service has done, by id.
struct service_log {
  std::vector<int> begun, ended, remarks;
  std::vector<reply<int>> kept;

  bool has_begun(int id) const { return std::find(begun.begin(), begun.end(), id) != begun.end(); }
  bool has_ended(int id) const { return std::find(ended.begin(), ended.end(), id) != ended.end(); }
};

/// Drops what a service has kept, in a frame of the run: a reply that outlives it is a violation.
class drops_kept {
public:
  explicit drops_kept(service_log& of) noexcept : of_(of) {}
  ~drops_kept() { of_.kept.clear(); }
  drops_kept(const drops_kept&) = delete;
  drops_kept& operator=(const drops_kept&) = delete;

private:
  service_log& of_;
};

inline task<int> worked(service_log& log, int id, duration takes) {
  co_await sleep_for(takes);
  log.ended.push_back(id);
  co_return id;
}

inline task<> do_work(service_log& log, work& asked) {
  log.begun.push_back(asked.id);
  switch (asked.how) {
  case manner::answers:
    asked.to(co_await worked(log, asked.id, asked.takes));
    break;
  case manner::shielded:
    asked.to(co_await shield(duration::max(), worked(log, asked.id, asked.takes)));
    break;
  case manner::drops:
    co_await worked(log, asked.id, asked.takes);
    asked.to = {};
    co_await sleep_for(asked.takes);
    break;
  case manner::keeps:
    log.kept.push_back(std::move(asked.to));
    break;
  case manner::throws:
    co_await worked(log, asked.id, asked.takes);
    throw std::range_error{"the work failed"};
  case manner::answers_late:
    asked.to(asked.id);
    co_await worked(log, asked.id, asked.takes);
    break;
  }
}

inline task<> service(inbox<service_message> in, service_log& log) {
  while (auto next = co_await in.receive())
    co_await next->match([&](work& asked) { return do_work(log, asked); },
                         [&](remark& told) { log.remarks.push_back(told.id); });
}

/// How an ask failed; empty: it did not, or with another error.
template <class T>
std::optional<ask_failure> failure_of_ask(const outcome<T>& ended) {
  if (!ended.has_error())
    return std::nullopt;
  try {
    std::rethrow_exception(ended.error());
  } catch (const ask_error& failed) {
    return failed.why();
  } catch (...) {
    return std::nullopt;
  }
}

/// The fate that a limit around an ask tells of; empty: the limit did not pass, or tells nothing.
template <class T>
std::optional<ask_failure> fate_of_ask(const outcome<T>& ended) {
  if (!ended.has_error())
    return std::nullopt;
  try {
    std::rethrow_exception(ended.error());
  } catch (const deadline_exceeded& late) {
    return late.fate() ? failure_of_ask(outcome<T>{late.fate()}) : std::nullopt;
  } catch (...) {
    return std::nullopt;
  }
}

/// Runs `body(ref, log)` beside a service, in a simulation, and stops the service when it has ended.
template <class Body>
service_log beside_service(actor_options options, Body body) {
  service_log log;
  simulator simulated{in_any_order()};
  outcome<> ended = simulated.run([&]() -> task<> {
    const drops_kept after{log};
    co_await in_task_group([&](task_group& group) -> task<> {
      const auto ref = group.start_actor(options, service, std::ref(log));
      co_await body(ref, log);
      group.cancel();
    });
  });
  ended.value();
  return log;
}

} // namespace troupe::tests
