#include <troupe/runtime/caf_bounded.hpp>

#include "child_process.hpp"
#include "teller.hpp"

#include <thread>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

using skip_atom = caf::atom_constant<caf::atom("skip")>;
using unskip_atom = caf::atom_constant<caf::atom("unskip")>;

/// Where a worker of CAF stands in its `hold`, and is let go.
class gates {
public:
  void wait(words& said) {
    said.say("held");
    static_cast<void>(go_.next());
  }
  void let_go() { go_.say("go"); }

private:
  words go_;
};

/// A teller of CAF's own.
class bounded_teller : public bounded<> {
public:
  bounded_teller(caf::actor_config& config, capacity at_most, overflow on_full, words* said, gates* gate)
      : bounded(config, at_most, on_full), said_(said), gate_(gate) {
    set_down_handler([this](caf::down_msg&) { said_->say("down"); });
    set_error_handler([this](caf::error&) { said_->say("error"); });
  }

  caf::behavior make_behavior() override {
    return {
        [this](deposit_atom, int amount) { return balance_ += amount; },
        [this](int id) { said_->say("note " + std::to_string(id)); },
        [this](hold_atom) { gate_->wait(*said_); },
        [this](hold_atom, int id) { // sends to itself
          send(this, id);
          gate_->wait(*said_);
        },
        [this](const caf::actor& whom) {
          monitor(whom);
          request(whom, caf::infinite, 1).then([this](int twice) { said_->say("answer " + std::to_string(twice)); });
          gate_->wait(*said_);
        },
        [this](skip_atom) {
          become(caf::behavior{[this](unskip_atom) { quit(); }});
          set_default_handler(caf::skip);
        }};
  }

private:
  words* said_;
  gates* gate_;
  int balance_ = 0;
};

class doubles_once : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[this](int number) {
      quit();
      return 2 * number;
    }};
  }
};

class passes_notes_on : public caf::event_based_actor {
public:
  passes_notes_on(caf::actor_config& config, caf::actor to) : event_based_actor(config), to_(std::move(to)) {}

  caf::behavior make_behavior() override {
    return {[this](int id) { delegate(to_, id); },
            [this](deposit_atom what, int amount) { return delegate(to_, what, amount); }};
  }
  void on_exit() override { to_ = nullptr; }

private:
  caf::actor to_;
};

struct sum {
  int value = 0;
};

class sums_up : public bounded<caf::stateful_actor<sum>> {
public:
  explicit sums_up(caf::actor_config& config) : bounded(config, capacity{3}) {}

  caf::behavior make_behavior() override {
    return {[this](int number) { return state.value += number; }};
  }
};

using doubler = caf::typed_actor<caf::replies_to<int>::with<int>>;

class doubles : public bounded<doubler::base> {
public:
  explicit doubles(caf::actor_config& config) : bounded(config, capacity{4}, overflow::drop_newest) {}

  behavior_type make_behavior() override {
    return {[](int number) { return 2 * number; }};
  }
};

/// A bounded teller that stands in a `hold`.
class held_teller {
public:
  explicit held_teller(std::size_t most, overflow on_full = overflow::reject)
      : whom(system().spawn<bounded_teller>(capacity{most}, on_full, &said, &gate)) {
    caf::anon_send(whom, hold_atom::value);
    REQUIRE(said.next() == "held");
  }
  ~held_teller() {
    caf::anon_send_exit(whom, caf::exit_reason::kill);
    gate.let_go();
  }

  caf::actor_system& system() { return here_.actor_system(); }
  bounded_statistics books() const { return statistics_of(whom).value(); }

  words said;
  gates gate;

private:
  runtime here_{{.workers = 2, .handle_signals = false}}; // waits for the actor

public:
  caf::actor whom;
};

} // namespace

TEST_CASE("a bounded CAF actor takes as many messages as it has room for, and answers other requests overflow at once",
          "[runtime][C2][C8][caf_actors]") {
  for (const overflow on_full : {overflow::reject, overflow::drop_newest}) {
    held_teller held{10, on_full};
    const caf::scoped_actor self{held.system()};
    for (int i = 0; i < 12; ++i)
      self->send(held.whom, deposit_atom::value, 1);
    CHECK(asked(self, held.whom, deposit_atom::value, 1) == "overflow");
    const bounded_statistics books = held.books();
    CHECK(books.capacity == 10);
    CHECK(books.depth == 10);
    CHECK(books.depth_max == 10);
    CHECK(books.accepted == 11);
    CHECK((on_full == overflow::reject ? books.rejected : books.dropped) == 3);
    CHECK((on_full == overflow::reject ? books.dropped : books.rejected) == 0);
    held.gate.let_go();
    CHECK(asked_unless("overflow", self, held.whom, deposit_atom::value, 100) == "110");
    CHECK(held.books().depth == 0);
  }
}

TEST_CASE("no path leads around the bound of a bounded CAF actor", "[runtime][C2][C8][caf_actors]") {
  held_teller held{1};
  const caf::scoped_actor self{held.system()};
  caf::anon_send(held.whom, deposit_atom::value, 1);
  const caf::actor between = held.system().spawn<passes_notes_on>(held.whom);
  CHECK(asked(self, between, deposit_atom::value, 10) == "overflow"); // delegated
  CHECK(asked(self, held.whom, deposit_atom::value, 10) == "overflow");
  self->send(held.whom, 7);
  self->send<caf::message_priority::high>(held.whom, 7);
  caf::anon_send(held.whom, 7);
  caf::send_as(between, held.whom, 7);
  CHECK(held.books().rejected == 6);
  CHECK(asked(self, between, deposit_atom::value, 10) == "overflow");
  self->delayed_send(held.whom, 0ms, 7); // from CAF's clock, which is in order
  caf::delayed_anon_send(held.whom, 1ms, 7);
  self->delayed_send(self, 5ms, 1.5);
  self->receive([](double) {});
  CHECK(held.books().rejected == 9);
  CHECK(held.books().depth_max == 1);
  CHECK(held.said.silent());
  held.gate.let_go();
  CHECK(asked_unless("overflow", self, held.whom, deposit_atom::value, 100) == "101");
  caf::anon_send_exit(between, caf::exit_reason::user_shutdown);
}

TEST_CASE("the bound of a bounded CAF actor eats no control: downs, errors, answers and exits need no room",
          "[runtime][C2][caf_actors]") {
  held_teller held{1};
  const caf::scoped_actor self{held.system()};
  self->monitor(held.whom);
  const caf::actor other = held.system().spawn<doubles_once>();
  caf::anon_send(held.whom, other); // goes in, and is held in its turn
  held.gate.let_go();
  CHECK(held.said.next() == "held");
  caf::anon_send(held.whom, 7);
  caf::anon_send(held.whom, 8); // refused
  self->send(held.whom, caf::make_error(caf::sec::runtime_error));
  held.gate.let_go();
  std::string heard;
  for (int i = 0; i < 4; ++i)
    heard += held.said.next() + ", ";
  CHECK(heard.find("note 7, ") != std::string::npos);
  CHECK(heard.find("error, ") != std::string::npos);
  CHECK(heard.find("answer 2, ") != std::string::npos);
  CHECK(heard.find("down, ") != std::string::npos);
  CHECK(held.books().rejected == 1);
  caf::anon_send(held.whom, hold_atom::value);
  CHECK(held.said.next() == "held");
  caf::anon_send(held.whom, 7);
  caf::anon_send_exit(held.whom, caf::exit_reason::kill);
  held.gate.let_go();
  self->receive([](const caf::down_msg& down) { CHECK(down.reason == caf::exit_reason::kill); });
}

TEST_CASE("an actor of capacity one can send to itself", "[runtime][C5][caf_actors]") {
  held_teller held{1};
  held.gate.let_go();
  const caf::scoped_actor self{held.system()};
  CHECK(asked(self, held.whom, deposit_atom::value, 0) == "0"); // it has been let go
  caf::anon_send(held.whom, hold_atom::value, 7);
  CHECK(held.said.next() == "held");
  caf::anon_send(held.whom, 8); // no room beside that
  held.gate.let_go();
  CHECK(held.said.next() == "note 7");
  CHECK(held.books().rejected == 1);
}

TEST_CASE("what a bounded CAF actor skips is queued again, and keeps others out", "[runtime][C2][caf_actors]") {
  held_teller held{2};
  const caf::scoped_actor self{held.system()};
  caf::anon_send(held.whom, skip_atom::value);
  caf::anon_send(held.whom, 7);
  held.gate.let_go();
  while (held.books().depth != 1) // the note, skipped
    std::this_thread::yield();
  caf::anon_send(held.whom, 8);
  while (held.books().accepted != 4)
    std::this_thread::yield();
  caf::anon_send(held.whom, 9);
  caf::anon_send(held.whom, 10);
  CHECK(held.books().accepted + held.books().rejected == 6);
  CHECK(held.books().rejected >= 1);
}

TEST_CASE("a bounded CAF actor that has ended answers as CAF does, and has nothing queued",
          "[runtime][F2][caf_actors]") {
  held_teller held{2};
  const caf::scoped_actor self{held.system()};
  auto queued = self->request(held.whom, patience, deposit_atom::value, 1);
  self->monitor(held.whom);
  caf::anon_send<caf::message_priority::high>(held.whom,
                                              caf::exit_msg{self->address(), caf::exit_reason::user_shutdown});
  held.gate.let_go();
  self->receive([](const caf::down_msg&) {});
  bool told = false;
  queued.receive([](int) {}, [&](const caf::error& error) { told = error == caf::sec::request_receiver_down; });
  CHECK(told);
  for (int i = 0; i < 3; ++i)
    CHECK(asked(self, held.whom, deposit_atom::value, 1) == self->system().render(caf::sec::request_receiver_down));
  CHECK(held.books().depth == 0);
}

TEST_CASE("CAF actors with a state, and typed ones, are bounded like others", "[runtime][C2][caf_actors]") {
  runtime here{{.workers = 2, .handle_signals = false}};
  const caf::scoped_actor self{here.actor_system()};
  const auto answer_of = [&self](const auto& whom, int number) {
    int got = 0;
    self->request(whom, patience, number).receive([&](int answer) { got = answer; }, [](const caf::error&) {});
    return got;
  };
  const auto summing = here.actor_system().spawn<sums_up>();
  CHECK(answer_of(summing, 20) + answer_of(summing, 1) == 41);
  CHECK(statistics_of(summing).value().accepted == 2);
  const doubler doubling = here.actor_system().spawn<doubles>();
  CHECK(answer_of(doubling, 21) == 42);
  CHECK(statistics_of(doubling).value().capacity == 4);
  caf::anon_send_exit(summing, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(doubling, caf::exit_reason::user_shutdown);
}

TEST_CASE("what has no bound has no counts of one", "[runtime][caf_actors]") {
  held_teller held{1};
  const caf::actor plain = held.system().spawn<doubles_once>();
  CHECK_FALSE(statistics_of(plain).has_value());
  caf::anon_send_exit(plain, caf::exit_reason::kill);
}

TEST_CASE("a bounded CAF actor that should make its senders wait is refused with a sentence", "[runtime][caf_actors]") {
  if (in_child_process()) {
    runtime here{{.workers = 1, .handle_signals = false}};
    words said;
    gates gate;
    here.actor_system().spawn<bounded_teller>(capacity{1}, overflow::suspend, &said, &gate);
    end_child(0);
  }
  child_process child;
  child.wait_for("a bounded CAF actor has overflow::reject or overflow::drop_newest");
  CHECK(child.wait_for_end() != 0);
}
