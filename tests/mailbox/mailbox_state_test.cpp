#include <troupe/mailbox/mailbox_state.hpp>

#include <tests/mailbox/simulated.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

TEST_CASE("a handler may use the mailbox that calls it", "[mailbox][E6]") {
  std::optional<sender<int>> again;
  std::vector<send_status> answers;
  mailbox<int> box{capacity{1}, [&](int&& item, drop_reason) { answers.push_back(again->try_send(item + 1)); }};
  again.emplace(box.sender());
  {
    const receiver<int> in = box.receiver();
    REQUIRE(again->try_send(1) == send_status::accepted);
    try {
      const auto item = in.try_receive();
      throw std::runtime_error("crash");
    } catch (const std::runtime_error&) {
    }
    CHECK(answers == std::vector<send_status>{send_status::accepted});
    CHECK(box.statistics().depth == 1);
  } // the last receiver goes, and the handler finds it closed
  CHECK(answers == std::vector<send_status>{send_status::accepted, send_status::closed});
  CHECK(box.statistics().settled == 2);
}

namespace {

/// An item that holds halves of the mailbox it is in.
struct letter {
  std::optional<sender<letter>> back;
  std::shared_ptr<int> alive;

  letter(sender<letter> to, std::shared_ptr<int> counted) : back(std::move(to)), alive(std::move(counted)) {}
};

/// An item whose destructor uses its mailbox.
class calls_back {
public:
  explicit calls_back(sender<calls_back> to) noexcept : to_(std::move(to)) {}
  calls_back(calls_back&& other) noexcept : to_(std::exchange(other.to_, std::nullopt)) {}
  ~calls_back() {
    if (to_) {
      static_cast<void>(to_->statistics());
      to_->close();
    }
  }

private:
  std::optional<sender<calls_back>> to_;
};

} // namespace

TEST_CASE("items that hold the only senders of their mailbox are given up with the last receiver", "[mailbox][E6]") {
  const auto alive = std::make_shared<int>();
  for (const bool handler : {false, true}) {
    undelivered_handler<letter> gives_up = nullptr;
    if (handler)
      gives_up = [](letter&& item, drop_reason) { const letter gone{std::move(item)}; };
    std::optional<mailbox<letter>> box{std::in_place, capacity{4}, gives_up};
    std::optional<receiver<letter>> in{box->receiver()};
    {
      const sender<letter> out = box->sender();
      for (int i = 0; i < 3; ++i)
        REQUIRE(out.try_send(letter{out, alive}) == send_status::accepted);
    }
    CHECK_FALSE(box->statistics().closed);
    box.reset();
    CHECK(alive.use_count() == 4);
    try {
      const auto item = in->try_receive();
      throw std::runtime_error("crash");
    } catch (const std::runtime_error&) {
    }
    in.reset();
    CHECK(alive.use_count() == 1);
  }
}

TEST_CASE("an item that holds the last half of its mailbox may be let go last of all", "[mailbox][E6]") {
  const auto alive = std::make_shared<int>();
  received<letter> last;
  {
    const mailbox<letter> box{capacity{1}};
    const receiver<letter> in = box.receiver();
    const sender<letter> out = box.sender();
    REQUIRE(out.try_send(letter{out, alive}) == send_status::accepted);
    last = in.try_receive();
  }
  REQUIRE(last);
  CHECK(last->back->statistics().closed);
  last = {};
  CHECK(alive.use_count() == 1);
}

TEST_CASE("an item whose destructor uses its mailbox may go anywhere", "[mailbox][E6]") {
  const mailbox<calls_back> box{capacity{16}};
  auto in = std::make_unique<receiver<calls_back>>(box.receiver());
  const sender<calls_back> out = box.sender();
  for (int i = 0; i < 12; ++i)
    REQUIRE(out.try_send(calls_back{out}) == send_status::accepted);
  { const auto handled = in->try_receive(); }
  CHECK(box.statistics().closed);
  in.reset();
  CHECK(box.statistics().settled == 12);
}

TEST_CASE("an item may hold the very sender that sends it", "[mailbox][C6][E6]") {
  const auto alive = std::make_shared<int>();
  int undelivered = 0;
  const auto takes_it = [&undelivered, kept = alive](letter&& item, drop_reason) {
    { const letter gone{std::move(item)}; } // with it goes the last half of the mailbox
    undelivered += kept.use_count() > 0 ? 1 : 0;
  };
  simulate([&]() -> task<> {
    {
      std::optional<mailbox<letter>> box{std::in_place, capacity{1}, takes_it};
      letter item{box->sender(), alive};
      box->close();
      box.reset();
      const send_status status = co_await item.back->send(std::move(item));
      CHECK(status == send_status::closed);
    }
    CHECK(undelivered == 1);
  });
  CHECK(alive.use_count() == 2); // of the handler above
}

TEST_CASE("a stopped send may be the last that knows its mailbox", "[mailbox][C6]") {
  simulate([]() -> task<> {
    std::vector<std::pair<int, drop_reason>> told;
    std::optional<mailbox<int>> box{std::in_place, capacity{1},
                                    [&](int&& item, drop_reason reason) { told.emplace_back(item, reason); }};
    received<int> in_hand;
    const bool ended = co_await move_on_after(1s, [](std::optional<mailbox<int>>& of, received<int>& keeps) -> task<> {
      const receiver<int> in = of->receiver();
      const sender<int> out = of->sender();
      of.reset();
      co_await out.send(1);
      keeps = co_await in.receive();
      co_await out.send(2);
      co_await out.send(3);
    }(box, in_hand));
    CHECK_FALSE(ended);
    REQUIRE(in_hand);
    CHECK(*in_hand == 1);
    CHECK(told ==
          std::vector<std::pair<int, drop_reason>>{{3, drop_reason::send_cancelled}, {2, drop_reason::no_receiver}});
  });
}

TEST_CASE("a report of who waits names the mailbox and its state", "[mailbox][Q-001][Q-002]") {
  simulator world;
  std::string report;
  try {
    static_cast<void>(world.run([]() -> task<> {
      const mailbox<int> box{capacity{2}};
      const sender<int> out = box.sender();
      co_await out.send(1);
      co_await out.send(2);
      co_await out.send(3);
    }));
  } catch (const deadlock_error& found) {
    report = found.what();
  }
  CHECK(report.find("waits to send: mailbox") != std::string::npos);
  CHECK(report.find("(2 of 2 queued, 0 reserved, 1 sending, 0 receiving)") != std::string::npos);
}
