#include <troupe/runtime/caf_face.hpp>

#include "teller.hpp"

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// Passes deposits on, so that whom it passes them to answers.
class passes_on : public caf::event_based_actor {
public:
  passes_on(caf::actor_config& config, caf::actor to) : event_based_actor(config), to_(std::move(to)) {}

  caf::behavior make_behavior() override {
    return {[this](deposit_atom what, int amount) { return delegate(to_, what, amount); }};
  }
  void on_exit() override { to_ = nullptr; }

private:
  caf::actor to_;
};

/// Links to `whom`, and says why it ends; ends for the reason that it is sent.
class linked : public caf::event_based_actor {
public:
  linked(caf::actor_config& config, const caf::actor& whom, words* said) : event_based_actor(config), said_(said) {
    set_exit_handler([this](caf::exit_msg& exit) {
      said_->say("exit: " + system().render(exit.reason));
      quit();
    });
    link_to(whom);
    said_->say("linked");
  }

  caf::behavior make_behavior() override {
    return {[this](caf::exit_reason why) { quit(why); }};
  }

private:
  words* said_;
};

/// What the monitor of a face is told.
std::string reason_of_down(const caf::scoped_actor& self) {
  std::string reason;
  self->receive([&](const caf::down_msg& down) { reason = self->system().render(down.reason); },
                caf::after(patience) >> [&] { reason = "nothing was told"; });
  return reason;
}

} // namespace

TEST_CASE("a CAF actor sends to a troupe actor and requests from it, by the types of its messages",
          "[runtime][C8][caf_actors]") {
  teller_place place;
  const caf::actor whom = place.face();
  const caf::scoped_actor self{place.system()};
  self->send(whom, deposit_atom::value, 1);
  caf::anon_send(whom, deposit_atom::value, 10);
  CHECK(asked(self, whom, deposit_atom::value, 100) == "111");
  CHECK(asked<std::string>(self, whom, std::string("CAF")) == "hello CAF");
  self->send(whom, 7);
  CHECK(place.said.next() == "note 7");
  CHECK(asked<void>(self, whom, 8) == "nothing"); // is not asked: it is in the mailbox
  CHECK(place.said.next() == "note 8");
  place.let_go();
  CHECK(asked<void>(self, whom, hold_atom::value) == "nothing"); // a reply<void>
}

TEST_CASE("what no translator takes is unexpected, and what one throws is the answer", "[runtime][caf_actors]") {
  teller_place place;
  const caf::actor whom = place.face();
  const caf::scoped_actor self{place.system()};
  CHECK(asked(self, whom, 1.5) == self->system().render(caf::sec::unexpected_message));
  CHECK(asked(self, whom, deposit_atom::value) == self->system().render(caf::sec::unexpected_message));
  CHECK(asked(self, whom, std::string()).find("nobody has no name") != std::string::npos);
  self->send(whom, 1.5); // as CAF's actors do, it tells the sender of a plain message, too
  bool told = false;
  self->receive([&](const caf::error& error) { told = error == caf::sec::unexpected_message; });
  CHECK(told);
  caf::send_as(whom, whom, 1.5); // two faces do not go on for ever
  CHECK(asked(self, whom, deposit_atom::value, 1) == "1");
}

TEST_CASE("a message that several actors have is read and not moved from", "[runtime][caf_actors]") {
  teller_place place;
  const caf::actor whom = place.face();
  const caf::scoped_actor self{place.system()};
  const caf::message kept = caf::make_message(std::string("both"));
  CHECK(asked<std::string>(self, whom, kept) == "hello both");
  CHECK(asked<std::string>(self, whom, kept) == "hello both");
}

TEST_CASE("a CAF requester's timeout ends its wait, and a late answer goes nowhere", "[runtime][F2][caf_actors]") {
  teller_place place;
  const caf::actor whom = place.face();
  const caf::scoped_actor self{place.system()};
  bool late = false;
  self->request(whom, 1ms, hold_atom::value)
      .receive([] {}, [&](const caf::error& error) { late = error == caf::sec::request_timeout; });
  CHECK(late);
  CHECK(place.said.next() == "held"); // nobody has told it
  place.let_go();
  CHECK(asked(self, whom, deposit_atom::value, 1) == "1");
}

TEST_CASE("a request that finds the mailbox full is answered overflow at once, sent or delegated",
          "[runtime][C2][C8][caf_actors]") {
  for (const overflow on_full : {overflow::suspend, overflow::reject, overflow::drop_newest}) {
    full_place place{on_full};
    const caf::scoped_actor self{place.system()};
    CHECK(asked(self, place.whom, deposit_atom::value, 10) == "overflow");
    CHECK(asked(self, place.whom, 7) == "overflow"); // a kind that is not asked
    const caf::actor between = place.system().spawn<passes_on>(place.whom);
    CHECK(asked(self, between, deposit_atom::value, 10) == "overflow");
    const drop_reason why = on_full == overflow::drop_newest ? drop_reason::newest : drop_reason::rejected;
    CHECK(place.dropped(why) == 3);
    place.let_go();
    CHECK(asked_unless("overflow", self, between, deposit_atom::value, 100) == "101");
    caf::anon_send_exit(between, caf::exit_reason::user_shutdown);
  }
}

TEST_CASE("what is sent, sent by nobody, forwarded or sent later to a full mailbox goes to on_undelivered",
          "[runtime][C2][C8][caf_actors]") {
  full_place place;
  const caf::scoped_actor self{place.system()};
  self->send(place.whom, 7);
  CHECK(place.said.next() == "rejected");
  self->send<caf::message_priority::high>(place.whom, 7);
  CHECK(place.said.next() == "rejected");
  caf::anon_send(place.whom, deposit_atom::value, 10);
  CHECK(place.said.next() == "rejected");
  const caf::actor between = place.system().spawn<passes_on>(place.whom);
  self->send(between, deposit_atom::value, 10);
  CHECK(place.said.next() == "rejected");
  self->delayed_send(place.whom, 1ms, 7); // from CAF's clock
  CHECK(place.said.next() == "rejected");
  caf::delayed_anon_send(place.whom, 1ms, deposit_atom::value, 10);
  CHECK(place.said.next() == "rejected");
  CHECK(place.dropped(drop_reason::rejected) == 6);
  CHECK(place.ref().statistics().depth_max == 1);
  place.let_go();
  CHECK(asked_unless("overflow", self, place.whom, deposit_atom::value, 100) == "101");
  caf::anon_send_exit(between, caf::exit_reason::user_shutdown);
}

TEST_CASE("of CAF's messages the oldest goes, and its request is told so, where the mailbox says that",
          "[runtime][C2][caf_actors]") {
  full_place place{overflow::drop_oldest};
  const caf::scoped_actor self{place.system()};
  auto first = self->request(place.whom, patience, deposit_atom::value, 10); // instead of the one that is there
  CHECK(place.said.next() == "oldest");
  CHECK(asked<void>(self, place.whom, 7) == "nothing");
  CHECK(place.said.next() == "oldest");
  bool told = false;
  first.receive([](int) {}, [&](const caf::error& error) { told = error == ask_failure::overflow; });
  CHECK(told);
  place.let_go();
  CHECK(place.said.next() == "note 7");
}

TEST_CASE("a monitor of a troupe actor is told how that has ended, and requests are answered from then on",
          "[runtime][A7][caf_actors]") {
  const auto ended_by = [](const auto& stop) {
    teller_place place;
    const caf::actor whom = place.face();
    const caf::scoped_actor self{place.system()};
    self->monitor(whom);
    stop(place, whom);
    std::string reason = reason_of_down(self);
    CHECK(asked(self, whom, deposit_atom::value, 1) == "receiver_down");
    CHECK(asked(self, whom, 1) == "receiver_down");
    CHECK(asked(self, whom, 1.5) == "receiver_down");
    self->send(whom, 1);
    self->monitor(whom); // too late: told at once
    CHECK(reason_of_down(self) == reason);
    const caf::actor late = place.face();
    self->monitor(late);
    CHECK(reason_of_down(self) == self->system().render(caf::exit_reason::unknown));
    CHECK(asked(self, late, deposit_atom::value, 1) == "receiver_down");
    return reason;
  };
  const std::string stopped = "exit_reason(user_shutdown)";
  CHECK(ended_by([](teller_place& place, const caf::actor&) { place.ref().stop_after_drain(); }) == "none");
  CHECK(ended_by([](teller_place& place, const caf::actor&) { place.ref().stop_now(); }) == stopped);
  CHECK(ended_by([](teller_place& place, const caf::actor&) { CHECK(place.end().cancelled()); }) == stopped);
  CHECK(ended_by([](teller_place& place, const caf::actor& whom) {
          const caf::scoped_actor self{place.system()};
          CHECK(asked(self, whom, fail_atom::value).find("the teller fails") != std::string::npos);
          CHECK(place.wait().has_error());
        }).find("the teller fails") != std::string::npos);
}

TEST_CASE("a request that is queued or handled when its actor is stopped is answered then",
          "[runtime][F2][caf_actors]") {
  teller_place place;
  const caf::actor whom = place.face();
  const caf::scoped_actor self{place.system()};
  std::string why;
  const auto failed = [&](const caf::error& error) {
    why += std::string(to_string(ask_failure_in(error).value())) + " ";
  };
  auto handled = self->request(whom, patience, hold_atom::value);
  CHECK(place.said.next() == "held");
  auto queued = self->request(whom, patience, deposit_atom::value, 1);
  place.ref().stop_now();
  handled.receive([] {}, failed);
  queued.receive([](int) {}, failed);
  CHECK(why == "aborted receiver_down ");
}

TEST_CASE("linked CAF and troupe actors end each other, unless the end is a normal one", "[runtime][A7][caf_actors]") {
  teller_place place;
  const caf::actor whom = place.face();
  const caf::scoped_actor self{place.system()};
  words heard;
  const caf::actor first = place.system().spawn<linked>(whom, &heard);
  CHECK(heard.next() == "linked");
  self->monitor(first);
  self->send(first, caf::exit_reason::normal);
  static_cast<void>(reason_of_down(self));
  caf::anon_send_exit(whom, caf::exit_reason::normal);
  CHECK(asked(self, whom, deposit_atom::value, 1) == "1"); // that was no reason
  const caf::actor second = place.system().spawn<linked>(whom, &heard);
  CHECK(heard.next() == "linked");
  self->monitor(whom);
  SECTION("the troupe actor first") {
    place.ref().stop_now();
    CHECK(heard.next() == "exit: " + self->system().render(caf::exit_reason::user_shutdown));
  }
  SECTION("the CAF actor first") { self->send(second, caf::exit_reason::out_of_workers); }
  SECTION("nobody is linked, but somebody sends an exit") {
    caf::anon_send_exit(whom, caf::exit_reason::kill);
    CHECK(heard.next() == "exit: " + self->system().render(caf::exit_reason::user_shutdown));
  }
  CHECK(reason_of_down(self) == self->system().render(caf::exit_reason::user_shutdown));
  CHECK(place.wait().has_value());
}

TEST_CASE("a supervised actor keeps its caf::actor over restarts, and no monitor is told of them",
          "[runtime][A7][caf_actors]") {
  teller_place place{actor_spec{.name = "teller"}};
  const caf::actor whom = place.face();
  const caf::scoped_actor self{place.system()};
  self->monitor(whom);
  const auto balance = [&] { return asked_unless("restarting", self, whom, deposit_atom::value, 5); };
  for (int run = 0; run < 3; ++run) {
    CHECK(balance() == "5"); // a new one each time
    CHECK(asked(self, whom, fail_atom::value).find("the teller fails") != std::string::npos);
    CHECK(place.said.next() == "crashed");
  }
  CHECK(balance() == "5");
  CHECK_FALSE(self->has_next_message());
  place.order("stop");
  CHECK(reason_of_down(self) == self->system().render(caf::exit_reason::user_shutdown));
  CHECK(asked(self, whom, deposit_atom::value, 5) == "receiver_down");
  place.order("restart");                                     // for CAF a new actor
  caf::anon_send_exit(whom, caf::exit_reason::user_shutdown); // to the one that has ended
  CHECK(asked(self, whom, deposit_atom::value, 5) == "receiver_down");
  CHECK(asked(self, place.face(), deposit_atom::value, 5) == "5");
}

TEST_CASE("a caf::actor is an address for as long as somebody holds it, and an actor without any ends",
          "[runtime][A7][caf_actors]") {
  teller_place place;
  caf::actor whom = place.face();
  place.forget_ref();
  {
    const caf::scoped_actor self{place.system()};
    const caf::actor same = whom;
    self->monitor(same);
    whom = nullptr;
    CHECK(asked(self, same, deposit_atom::value, 1) == "1");
  }
  CHECK(place.wait().has_value()); // by itself
}

TEST_CASE("a caf::actor may be held for longer than the runtime lives", "[runtime][A7][caf_actors]") {
  caf::actor kept;
  {
    teller_place place;
    kept = place.face();
    caf::anon_send(kept, 1);
    CHECK(place.said.next() == "note 1");
  }
  kept = nullptr;
}
