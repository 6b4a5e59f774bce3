// (b) Eight consumers that crash and are started anew, at one bounded mailbox.

#include <tests/scenarios/all_applications.hpp>
#include <tests/scenarios/fates.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/random.hpp>
#include <troupe/supervision/supervisor.hpp>

namespace troupe::tests {

namespace {

class pool_scenario final : public application {
public:
  pool_scenario(std::uint64_t seed, logic how) : seed_(seed), broken_(how == logic::broken) {}

  /// A consumer ends when the mailbox is closed and drained, and the supervisor when all consumers have.
  task<> run() override {
    co_await supervise({.intensity = 20, .stops = auto_shutdown::all_significant}, [&](supervisor& top) -> task<> {
      for (int i = 0; i < 8; ++i)
        co_await top.start({.restart = restart_type::transient, .significant = true}, consume, std::ref(*this),
                           queue_.receiver());
      co_await in_task_group([&](task_group& producers) {
        for (int first = 0; first < 2; ++first)
          producers.start(&pool_scenario::produce, this, first, queue_.sender());
      });
      co_await top.run();
    });
  }

  std::string problems() const override { return jobs_.problems("job") + left_in("the queue", queue_.statistics()); }
  bool whole() const override {
    return jobs_.count("handled") + jobs_.count("crashed") == jobs_max && jobs_.count("handled") > jobs_max / 2;
  }

private:
  static constexpr int jobs_max = 20;

  bool crashes_at(int job) const { return seeded_random{seed_ + static_cast<std::uint64_t>(job)}.below(8) == 0; }

  static task<> consume(pool_scenario& of, receiver<int> in) {
    while (auto job = co_await in.receive()) {
      if (of.broken_)
        of.jobs_.ended(*job, "handled");
      co_await sleep_for(std::chrono::microseconds{5});
      if (of.crashes_at(*job))
        throw std::runtime_error("this job crashes whoever has it");
      if (!of.broken_)
        of.jobs_.ended(*job, "handled");
    }
  }

  task<> produce(int first, sender<int> out) {
    for (int job = first; job < jobs_max; job += 2) {
      jobs_.begun(job);
      const send_status sent = co_await out.send(job);
      jobs_.owed(job);
      if (sent == send_status::closed)
        co_return;
    }
  }

  const std::uint64_t seed_;
  const bool broken_;
  fates jobs_;
  mailbox<int> queue_{capacity{3}, [this](int&& job, drop_reason why) { jobs_.ended(job, to_string(why)); }};
};

} // namespace

application_kind pool() {
  return described<pool_scenario>(
      "pool", "Each job is handled once, or given up once with a reason, though consumers crash with some of them.",
      "a job counts as handled before it is");
}

} // namespace troupe::tests
