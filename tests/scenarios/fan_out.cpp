// (d) A publisher and its subscribers, of which one is slow: it holds up nobody, and knows what it has missed.

#include <tests/scenarios/all_applications.hpp>
#include <tests/scenarios/fates.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <array>
#include <optional>

namespace troupe::tests {

namespace {

class fan_out_scenario final : public application {
public:
  fan_out_scenario(std::uint64_t seed, logic how)
      : broken_(how == logic::broken), slow_(std::chrono::microseconds{20 + seed % 20}) {}

  task<> run() override {
    co_await in_task_group([&](task_group& group) {
      group.start(&fan_out_scenario::publish, this);
      for (subscriber& each : subscribers_)
        group.start(&fan_out_scenario::subscribe, this, std::ref(each), each.box.inbox());
    });
  }

  std::string problems() const override {
    std::string text = wrong_;
    for (const subscriber& each : subscribers_)
      text += each.news.problems(std::string(each.name) + ": news") + left_in(each.name, each.box.statistics());
    return text;
  }
  bool whole() const override {
    const subscriber& keeps_up = subscribers_[0];
    if (keeps_up.news.count("read") != news_max)
      return false;
    for (const subscriber& each : subscribers_)
      if (each.news.open() != 0 || each.news.count("read") == 0)
        return false;
    return true;
  }

private:
  static constexpr int news_max = 12;

  struct subscriber {
    std::string_view name;
    fates news;
    mailbox<int> box; // below what is told what is lost in it
    int last = -1;

    subscriber(fan_out_scenario& of, std::string_view who, overflow on_full, std::size_t room)
        : name(who), box(capacity{room}, on_full, [this, &of](int&& item, drop_reason why) {
            if (of.broken_ && why == drop_reason::conflated)
              return;
            news.ended(item, to_string(why));
          }) {}
  };

  task<> publish() {
    std::array<std::optional<sender<int>>, 4> to;
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i].emplace(subscribers_[i].box.sender());
    for (int item = 0; item < news_max; ++item) {
      for (std::size_t i = 0; i < to.size(); ++i)
        if (to[i]) {
          fates& news = subscribers_[i].news;
          news.begun(item);
          const send_status sent = co_await to[i]->send(item);
          news.owed(item);
          if (sent == send_status::closed) // it has gone
            to[i].reset();
        }
      co_await sleep_for(std::chrono::microseconds{4});
    }
  }

  /// One that fails is gone, and does not stop the others.
  task<> subscribe(subscriber& mine, inbox<int> in) {
    static_cast<void>(co_await as_outcome(read_all(mine, std::move(in))));
  }
  task<> read_all(subscriber& mine, inbox<int> in) {
    while (auto item = co_await in.receive()) {
      if (*item <= mine.last)
        wrong_ += std::string(mine.name) + ": news " + std::to_string(*item) + " came late\n";
      mine.last = *item;
      if (&mine == &subscribers_[0])
        co_await yield();
      else
        co_await sleep_for(slow_);
      mine.news.ended(*item, "read");
    }
  }

  const bool broken_;
  const std::chrono::microseconds slow_;
  std::string wrong_;
  std::array<subscriber, 4> subscribers_{{{*this, "keeps up", overflow::suspend, 2},
                                          {*this, "loses the oldest", overflow::drop_oldest, 2},
                                          {*this, "wants the latest", overflow::conflate, 1},
                                          {*this, "refuses", overflow::reject, 2}}};
};

} // namespace

application_kind fan_out() {
  return described<fan_out_scenario>(
      "fan-out", "Slow subscribers hold nobody up; each item is read or lost once, with a reason, and in order.",
      "a subscriber does not note what newer items have replaced");
}

} // namespace troupe::tests
