// Which children are started anew: each strategy, each restart type, each end, as OTP's documentation has it.

#include <troupe/supervision/supervisor.hpp>

#include "children.hpp"

#include <tests/catch.hpp>
#include <tests/simulation/any_order.hpp>

#include <troupe/mailbox/mailbox.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

struct row {
  restart_strategy strategy;
  restart_type type; ///< Of the second of three children; the others are permanent.
  exit_kind ends;    ///< How it ends.
  const char* then;  ///< The runs of the three, and whether it is down or forgotten.
};

constexpr auto one = restart_strategy::one_for_one;
constexpr auto all = restart_strategy::one_for_all;
constexpr auto rest = restart_strategy::rest_for_one;
constexpr auto permanent = restart_type::permanent;
constexpr auto transient = restart_type::transient;
constexpr auto temporary = restart_type::temporary;
constexpr auto normal = exit_kind::normal;
constexpr auto failed = exit_kind::failed;
constexpr auto cancelled = exit_kind::cancelled;
constexpr auto killed = exit_kind::killed;

constexpr row rows[] = {
    {one, permanent, normal, "1 2 1"},
    {one, permanent, failed, "1 2 1"},
    {one, permanent, cancelled, "1 2 1"},
    {one, permanent, killed, "1 2 1"},
    {one, transient, normal, "1 down 1"},
    {one, transient, failed, "1 2 1"},
    {one, transient, cancelled, "1 down 1"},
    {one, transient, killed, "1 2 1"},
    {one, temporary, normal, "1 forgotten 1"},
    {one, temporary, failed, "1 forgotten 1"},
    {one, temporary, cancelled, "1 forgotten 1"},
    {one, temporary, killed, "1 forgotten 1"},
    {rest, permanent, normal, "1 2 2"},
    {rest, permanent, failed, "1 2 2"},
    {rest, permanent, cancelled, "1 2 2"},
    {rest, permanent, killed, "1 2 2"},
    {rest, transient, normal, "1 down 1"},
    {rest, transient, failed, "1 2 2"},
    {rest, transient, cancelled, "1 down 1"},
    {rest, transient, killed, "1 2 2"},
    {rest, temporary, normal, "1 forgotten 1"},
    {rest, temporary, failed, "1 forgotten 1"},
    {rest, temporary, cancelled, "1 forgotten 1"},
    {rest, temporary, killed, "1 forgotten 1"},
    {all, permanent, normal, "2 2 2"},
    {all, permanent, failed, "2 2 2"},
    {all, permanent, cancelled, "2 2 2"},
    {all, permanent, killed, "2 2 2"},
    {all, transient, normal, "1 down 1"},
    {all, transient, failed, "2 2 2"},
    {all, transient, cancelled, "1 down 1"},
    {all, transient, killed, "2 2 2"},
    {all, temporary, normal, "1 forgotten 1"},
    {all, temporary, failed, "1 forgotten 1"},
    {all, temporary, cancelled, "1 forgotten 1"},
    {all, temporary, killed, "1 forgotten 1"},
};
static_assert(std::size(rows) == 36);

/// Serves until it is told how to end.
task<> told_how_to_end(receiver<exit_kind> from) {
  const auto how = co_await from.receive();
  if (how && *how == failed)
    throw std::runtime_error("it fails");
}

std::string what_follows(const row& of) {
  std::string then;
  simulator simulated{in_any_order()};
  const outcome<> ended = simulated.run([&]() -> task<> {
    const mailbox<exit_kind> told{capacity{1}};
    const sender<exit_kind> tell = told.sender();
    const auto body = [&](supervisor& top) -> task<> {
      const supervised before = co_await top.start({.name = "before"}, serving);
      const supervised it = co_await top.start({.name = "it", .restart = of.type}, told_how_to_end, told.receiver());
      const supervised after = co_await top.start({.name = "after"}, serving);
      if (of.ends == cancelled)
        it.cancel();
      else if (of.ends == killed)
        it.kill();
      else
        co_await tell.send(of.ends);
      co_await sleep_for(1s);
      then = std::to_string(before.incarnation()) + " ";
      if (!top.find("it"))
        then += "forgotten";
      else if (it.state() == child_status::down)
        then += "down";
      else
        then += std::to_string(it.incarnation());
      then += " " + std::to_string(after.incarnation());
      CHECK(before.state() == child_status::running);
      CHECK(after.state() == child_status::running);
    };
    co_await supervise({.strategy = of.strategy}, body);
  });
  CHECK(ended.has_value());
  return then;
}

} // namespace

TEST_CASE("which children are started anew is what OTP documents, for each strategy, restart type and end",
          "[supervision][OTP-045][OTP-046][OTP-047][OTP-048][OTP-052][OTP-053][OTP-054]") {
  for (const row& each : rows) {
    INFO(to_string(each.strategy) << ", " << to_string(each.type) << ", " << to_string(each.ends));
    CHECK(what_follows(each) == each.then);
  }
}

TEST_CASE("a temporary child that is stopped with its siblings is not started anew", "[supervision][OTP-078]") {
  for (const restart_strategy strategy : {all, rest}) {
    const outcome<> ended = supervised_by({.strategy = strategy}, [](supervisor& top) -> task<> {
      const supervised failing = co_await top.start({.name = "failing"}, failing_after, 1s);
      co_await top.start({.name = "bystander", .restart = temporary}, serving);
      const supervised last = co_await top.start({.name = "last"}, serving);
      co_await sleep_for(1500ms);
      CHECK(failing.incarnation() == 2);
      CHECK_FALSE(top.find("bystander"));
      CHECK(last.incarnation() == 2);
    });
    CHECK(ended.has_value());
  }
}
