// (s2) Three children of different restart types, started anew together, of which one crashes with messages in flight.

#include <tests/scenarios/all_applications.hpp>
#include <tests/scenarios/fates.hpp>
#include <tests/scenarios/sibling_runs.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/supervision/supervised_actor.hpp>

#include <array>
#include <optional>
#include <stdexcept>

namespace troupe::tests {

namespace {

struct job {
  int number;
};
struct is_there {
  int number;
  reply<int> to;
};
using worker_message = message<job, is_there>;

class supervised_crash_scenario final : public application {
public:
  supervised_crash_scenario(std::uint64_t seed, logic how)
      : crashes_with_(static_cast<int>(seed % jobs_each)), who_crashes_(seed / 8 % 3),
        strategy_(seed % 2 == 0 ? restart_strategy::one_for_all : restart_strategy::rest_for_one),
        broken_(how == logic::broken) {}

  task<> run() override {
    co_await supervise({.strategy = strategy_, .intensity = 2}, [&](supervisor& top) -> task<> {
      for (std::size_t i = 0; i < workers_.size(); ++i) {
        const actor_spec spec{.capacity = 2, .restart = types[i], .shutdown = std::chrono::hours{1}};
        fates& books = workers_[i].jobs;
        workers_[i].address =
            co_await top.start_actor(spec, on_undelivered{[&books](worker_message&& lost, drop_reason why) {
                                       lost.visit([&]<class M>(M& kind) {
                                         if constexpr (std::is_same_v<M, job>)
                                           books.ended(kind.number, to_string(why));
                                       });
                                     }},
                                     work, std::ref(*this), i);
      }
      co_await in_task_group([&](task_group& senders) {
        for (std::size_t i = 0; i < workers_.size(); ++i) {
          senders.start(&supervised_crash_scenario::tell_all, this, i);
          senders.start(&supervised_crash_scenario::ask_all, this, i);
        }
      });
    });
    ended_ = true;
  }

  std::string problems() const override {
    std::string text = wrong_ + runs_.problems("workers");
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      const worker& each = workers_[i];
      const std::string name = "worker " + std::to_string(i);
      text += each.jobs.problems(name + ": job");
      if (each.address)
        text += left_in(name, each.address->statistics());
    }
    return text;
  }
  bool whole() const override {
    std::size_t handled = 0;
    for (const worker& each : workers_) {
      handled += each.jobs.count("handled");
      if (each.jobs.open() != 0)
        return false;
    }
    return ended_ && handled != 0;
  }

private:
  static constexpr int jobs_each = 6;
  static constexpr std::array<restart_type, 3> types{restart_type::permanent, restart_type::transient,
                                                     restart_type::temporary};
  struct worker {
    fates jobs;
    std::optional<actor_ref<worker_message>> address;
    int last = -1;
  };

  static task<> work(inbox<worker_message> in, supervised_crash_scenario& of, std::size_t index) {
    const sibling_runs::run this_one{of.runs_, index, of.workers_.size()};
    worker& mine = of.workers_[index];
    while (auto message = co_await in.receive())
      co_await message->match(
          [&](job& told) -> task<> {
            if (told.number <= mine.last)
              of.wrong_ += "job " + std::to_string(told.number) + " came late\n";
            mine.last = told.number;
            co_await sleep_for(std::chrono::microseconds{2});
            if (of.broken_)
              mine.jobs.ended(told.number, "handled");
            if (index == of.who_crashes_ && told.number == of.crashes_with_)
              throw std::runtime_error("this job crashes whoever has it");
            if (!of.broken_)
              mine.jobs.ended(told.number, "handled");
          },
          [](is_there& asked) { asked.to(asked.number); });
  }

  task<> tell_all(std::size_t index) {
    worker& to = workers_[index];
    for (int number = 0; number < jobs_each; ++number) {
      to.jobs.begun(number);
      const send_status sent = co_await to.address->tell<job>(number);
      to.jobs.owed(number);
      if (sent == send_status::closed)
        co_return;
    }
  }
  /// Whatever becomes of an ask, it is not another one's answer.
  task<> ask_all(std::size_t index) {
    for (int number = 0; number < jobs_each; ++number) {
      outcome<int> answer = co_await as_outcome(workers_[index].address->ask<is_there>(number));
      if (!answer.has_error() && std::move(answer).value() != number)
        wrong_ += "an ask got the answer to another one\n";
    }
  }

  const int crashes_with_;
  const std::size_t who_crashes_;
  const restart_strategy strategy_;
  const bool broken_;
  std::array<worker, 3> workers_;
  sibling_runs runs_{3};
  std::string wrong_;
  bool ended_ = false;
};

} // namespace

application_kind supervised_crash() {
  return described<supervised_crash_scenario>(
      "supervised crash", "Each message is handled or lost once, and no run begins beside another one that it ends.",
      "a job counts as handled before it is");
}

} // namespace troupe::tests
