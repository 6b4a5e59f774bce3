#include <troupe/mailbox/statistics.hpp>

#include <tests/catch.hpp>

#include <troupe/mailbox/mailbox.hpp>

#include <set>
#include <stdexcept>
#include <string_view>
#include <vector>

using namespace troupe;

TEST_CASE("each drop reason has a name of its own", "[mailbox]") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < drop_reasons; ++i)
    names.insert(to_string(static_cast<drop_reason>(i)));
  CHECK(names.size() == drop_reasons);
  CHECK(names.count("unknown") == 0);
  CHECK(to_string(static_cast<drop_reason>(drop_reasons)) == "unknown");
  CHECK(to_string(drop_reason::send_cancelled) == "send_cancelled");
}

TEST_CASE("the statistics follow an item from the queue into a hand and out of it", "[mailbox]") {
  mailbox<int> box{capacity{3}};
  const sender<int> out = box.sender();
  const receiver<int> in = box.receiver();
  CHECK(box.statistics().capacity == 3);
  CHECK_FALSE(box.statistics().closed);
  CHECK(out.try_send(1) == send_status::accepted);
  CHECK(out.try_send(2) == send_status::accepted);
  mailbox_statistics now = out.statistics();
  CHECK((now.sent == 2 && now.depth == 2 && now.depth_max == 2 && now.in_hand == 0 && now.settled == 0));
  {
    const received<int> item = in.try_receive();
    now = in.statistics();
    CHECK((now.sent == 2 && now.depth == 1 && now.in_hand == 1 && now.settled == 0));
  }
  now = box.statistics();
  CHECK((now.sent == 2 && now.depth == 1 && now.in_hand == 0 && now.settled == 1 && now.handled == 1));
  CHECK(now.depth_max == 2);
  box.close();
  CHECK(box.statistics().closed);
}

TEST_CASE("the statistics add up also for a handler that looks at them", "[mailbox][C9]") {
  std::vector<mailbox_statistics> seen;
  const mailbox<int>* looked_at = nullptr;
  mailbox<int> box{capacity{3}, [&](int&&, drop_reason) { seen.push_back(looked_at->statistics()); }};
  looked_at = &box;
  {
    const sender<int> out = box.sender();
    const receiver<int> in = box.receiver();
    for (int i = 0; i < 3; ++i)
      REQUIRE(out.try_send(int{i}) == send_status::accepted);
    try {
      const received<int> item = in.try_receive();
      throw std::runtime_error("crash");
    } catch (const std::runtime_error&) {
      CHECK(box.statistics().dropped[static_cast<std::size_t>(drop_reason::crashed)] == 1);
    }
  }
  REQUIRE(seen.size() == 3); // the crashed one, and two that nobody received
  for (const mailbox_statistics& now : seen) {
    CHECK(now.sent == now.settled + now.depth + now.in_hand);
    CHECK(now.in_hand == 1);
    CHECK(now.handled == 0);
  }
  CHECK(box.statistics().settled == 3);
  CHECK(box.statistics().dropped[static_cast<std::size_t>(drop_reason::no_receiver)] == 2);
}
