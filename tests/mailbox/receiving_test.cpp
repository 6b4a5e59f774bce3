#include <troupe/mailbox/receiving.hpp>

#include <tests/mailbox/parcel.hpp>
#include <tests/mailbox/simulated.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("receivers that wait are served in order", "[mailbox][C12]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    std::vector<std::pair<int, int>> got;
    co_await in_task_group([&](task_group& group) {
      for (int i = 0; i < 5; ++i)
        group.start(
            [](receiver<int> in, int number, std::vector<std::pair<int, int>>& into) -> task<> {
              while (in.statistics().receivers_waiting != static_cast<std::size_t>(number))
                co_await yield();
              auto item = co_await in.receive();
              into.emplace_back(number, *item);
            },
            box.receiver(), i, std::ref(got));
      group.start(
          [](sender<int> out) -> task<> {
            while (out.statistics().receivers_waiting < 5)
              co_await yield();
            for (int i = 0; i < 5; ++i)
              CHECK(out.try_send(int{i}) == send_status::accepted); // straight to a receiver
            CHECK(out.statistics().depth == 0);
            CHECK(out.statistics().in_hand == 5);
          },
          box.sender());
    });
    for (const auto& [who, item] : got)
      CHECK(who == item);
    CHECK(got.size() == 5);
  });
}

TEST_CASE("an item is never handed to a receiver that has been stopped", "[mailbox][C7]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    const receiver<int> in = box.receiver();
    const sender<int> out = box.sender();
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](const receiver<int>& from) -> task<> {
            co_await from.receive();
            FAIL_CHECK("a stopped receive returned");
          },
          std::ref(in));
      group.start(
          [](const sender<int>& to, task_group& all) -> task<> {
            while (to.statistics().receivers_waiting == 0)
              co_await yield();
            all.cancel(); // the receiver is stopped, but has not run yet
            CHECK(to.try_send(1) == send_status::accepted);
          },
          std::ref(out), std::ref(group));
    });
    CHECK(box.statistics().depth == 1);
    CHECK(*in.try_receive() == 1);
  });
}

TEST_CASE("an item that was handed over before the cancel is delivered, and the cancel is taken at the next wait",
          "[mailbox][C7][Q-020]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    const receiver<int> in = box.receiver();
    const sender<int> out = box.sender();
    int got = 0;
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](const receiver<int>& from, int& into) -> task<> {
            {
              auto item = co_await from.receive();
              into = *item;
            }
            co_await checkpoint();
            FAIL_CHECK("the cancel was lost");
          },
          std::ref(in), std::ref(got));
      group.start(
          [](const sender<int>& to, task_group& all) -> task<> {
            while (to.statistics().receivers_waiting == 0)
              co_await yield();
            CHECK(to.try_send(1) == send_status::accepted);
            all.cancel();
          },
          std::ref(out), std::ref(group));
    });
    CHECK(got == 1);
    CHECK(box.statistics().handled == 1);
  });
}

TEST_CASE("a stopped join changes nothing, and another join goes on", "[mailbox][C9]") {
  simulate([]() -> task<> {
    mailbox<int> box{capacity{1}};
    const sender<int> out = box.sender();
    const receiver<int> in = box.receiver();
    co_await out.send(1);
    bool joined = false;
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](mailbox<int>& of, bool& done) -> task<> {
            co_await of.join();
            done = true;
          },
          std::ref(box), std::ref(joined));
      group.start(
          [](mailbox<int>& of, const receiver<int>& from, bool& done) -> task<> {
            const bool ended =
                co_await move_on_after(1s, [](mailbox<int>& mine) -> task<> { co_await mine.join(); }(of));
            CHECK_FALSE(ended);
            CHECK_FALSE(done);
            from.try_receive();
          },
          std::ref(box), std::ref(in), std::ref(joined));
    });
    CHECK(joined);
  });
}

TEST_CASE("join waits for an item in hand although nothing is queued", "[mailbox][C9]") {
  simulate([]() -> task<> {
    mailbox<int> box{capacity{1}};
    const sender<int> out = box.sender();
    const receiver<int> in = box.receiver();
    co_await out.send(1);
    bool let_go = false;
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](const receiver<int>& from, bool& gone) -> task<> {
            const received<int> item = co_await from.receive();
            co_await sleep_for(1s);
            gone = true;
          },
          std::ref(in), std::ref(let_go));
      group.start(
          [](mailbox<int>& of, bool& gone) -> task<> {
            while (of.statistics().in_hand == 0)
              co_await yield();
            co_await of.join();
            CHECK(gone);
          },
          std::ref(box), std::ref(let_go));
    });
    CHECK(let_go);
  });
}

TEST_CASE("join also waits for what is sent meanwhile, that of waiting senders included", "[mailbox][C9]") {
  simulate([]() -> task<> {
    mailbox<int> box{capacity{1}};
    co_await in_task_group([&](task_group& group) {
      group.start(
          [](sender<int> out) -> task<> {
            for (int i = 0; i < 5; ++i)
              co_await out.send(i);
          },
          box.sender());
      group.start(
          [](mailbox<int>& of, receiver<int> in) -> task<> {
            while (of.statistics().senders_waiting == 0)
              co_await yield();
            co_await in_task_group([&](task_group& inner) {
              inner.start(
                  [](receiver<int> from) -> task<> {
                    while (auto item = co_await from.receive())
                      co_await sleep_for(1ms);
                  },
                  std::move(in));
              inner.start(
                  [](mailbox<int>& joins) -> task<> {
                    co_await joins.join();
                    CHECK(joins.statistics().settled == 5);
                  },
                  std::ref(of));
            });
          },
          std::ref(box), box.receiver());
    });
  });
}

TEST_CASE("a join in a cancelled scope ends there, also when there is nothing to wait for", "[mailbox][B1]") {
  simulate([]() -> task<> {
    const mailbox<int> box{capacity{1}};
    bool behind = false;
    co_await in_task_group([&](task_group& group) -> task<> {
      group.cancel();
      co_await box.join();
      behind = true;
    });
    CHECK_FALSE(behind);
  });
}

namespace {

/// Does something when a fiber tells what it has noted: between a look at the cancel and one at the mailbox.
class interrupts final : public detail::books {
public:
  explicit interrupts(std::function<void()> with) : with_(std::move(with)) {}
  void bring_up_to_date(std::uint32_t, bool) noexcept override { with_(); }
  std::string describe() const override { return "interrupts"; }
  std::uint64_t number() const noexcept override { return 0; }

private:
  std::function<void()> with_;
};

} // namespace

TEST_CASE("a join that only the cancel of its own fiber has finished is stopped", "[mailbox][B1]") {
  bool went_on = false;
  simulator{{}}
      .run([&]() -> task<> {
        co_await in_task_group([&](task_group& group) -> task<> {
          mailbox<int> box{capacity{1}};
          const sender<int> out = box.sender();
          const receiver<int> in = box.receiver();
          static_cast<void>(out.try_send(1));
          std::optional<received<int>> in_hand{in.try_receive()};
          interrupts cancel{[&] {
            group.cancel();
            in_hand.reset();
          }};
          this_fiber::pointer()->note_settled(cancel);
          co_await box.join();
          went_on = true;
        });
      })
      .value();
  CHECK_FALSE(went_on);
}
