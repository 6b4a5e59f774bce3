// SV-12 on CAF's own actors: customers who come again when the waiting room is full.

#include "caf_programs.hpp"

#include <tests/savina/contention_problems.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::savina::on_caf {

// ---- SV-12: the room hands the customer's request on to the barber, who answers when the hair is cut ----------------

namespace {

using enter_atom = caf::atom_constant<caf::atom("enter")>;
using next_atom = caf::atom_constant<caf::atom("next")>;
using cut_atom = caf::atom_constant<caf::atom("cut")>;
using finish_atom = caf::atom_constant<caf::atom("finish")>;
using close_atom = caf::atom_constant<caf::atom("close")>;
using home_atom = caf::atom_constant<caf::atom("home")>;

class hairdresser : public caf::event_based_actor {
public:
  hairdresser(caf::actor_config& config, caf::actor room, std::vector<std::size_t>& cut)
      : event_based_actor(config), room_(std::move(room)), cut_(cut) {}

  caf::behavior make_behavior() override {
    send(room_, next_atom::value);
    return {[this](cut_atom, std::size_t who) {
              in_chair_ = make_response_promise();
              send(this, finish_atom::value, who); // others go on while it cuts
            },
            [this](finish_atom, std::size_t who) {
              ++cut_[who];
              in_chair_.deliver(true);
              send(room_, next_atom::value);
            },
            [this](close_atom) { quit(); }};
  }

private:
  caf::actor room_;
  std::vector<std::size_t>& cut_;
  caf::response_promise in_chair_;
};

class waiting_room : public caf::event_based_actor {
public:
  waiting_room(caf::actor_config& config, std::size_t chairs, std::vector<std::size_t>& cut, std::size_t& most)
      : event_based_actor(config), chairs_(chairs), cut_(cut), most_(most) {}

  caf::behavior make_behavior() override {
    barber_ = spawn<hairdresser>(caf::actor{this}, std::ref(cut_));
    return {[this](enter_atom, std::size_t who) {
              enter({who, make_response_promise()});
            },
            [this](next_atom) {
              asleep_ = waiting_.empty();
              if (asleep_)
                return;
              hand_on(waiting_.front());
              waiting_.pop_front();
            },
            [this](close_atom) { // everybody is served, so the barber sleeps, or will be asking for nobody
              send(barber_, close_atom::value);
              quit();
            }};
  }

  void on_exit() override { barber_ = nullptr; } // the two hold each other

private:
  struct customer {
    std::size_t who;
    caf::response_promise to; // false: no chair is free
  };

  void enter(customer one) {
    if (asleep_) {
      asleep_ = false;
      hand_on(one);
    } else if (waiting_.size() < chairs_) {
      waiting_.push_back(std::move(one));
      most_ = std::max(most_, waiting_.size());
    } else {
      one.to.deliver(false);
    }
  }
  void hand_on(customer& one) { one.to.delegate(barber_, cut_atom::value, one.who); }

  std::size_t chairs_;
  std::vector<std::size_t>& cut_;
  std::size_t& most_;
  caf::actor barber_;
  bool asleep_ = false; // the barber
  std::deque<customer> waiting_;
};

/// Has no behavior but to come again, and goes home served.
class barber_customer : public caf::event_based_actor {
public:
  barber_customer(caf::actor_config& config, caf::actor street, caf::actor room, std::size_t who)
      : event_based_actor(config), street_(std::move(street)), room_(std::move(room)), who_(who) {}

  caf::behavior make_behavior() override {
    enter();
    return {[this](enter_atom) { enter(); }};
  }

private:
  void enter() {
    request(room_, caf::infinite, enter_atom::value, who_).then([this](bool served) {
      if (!served)
        return delayed_send(this, std::chrono::microseconds{50}, enter_atom::value);
      send(street_, home_atom::value);
      quit();
    });
  }

  caf::actor street_, room_;
  std::size_t who_;
};

/// All customers come from here, and when they are home again the shop closes.
class street : public caf::event_based_actor {
public:
  street(caf::actor_config& config, caf::actor room, std::size_t customers, std::atomic<std::size_t>& served)
      : event_based_actor(config), room_(std::move(room)), customers_(customers), served_(served) {}

  caf::behavior make_behavior() override {
    for (std::size_t i = 0; i < customers_; ++i)
      spawn<barber_customer>(caf::actor{this}, room_, i);
    return {[this](home_atom) {
      if (++served_ < customers_)
        return;
      send(room_, close_atom::value);
      quit();
    }};
  }

private:
  caf::actor room_;
  std::size_t customers_;
  std::atomic<std::size_t>& served_;
};

} // namespace

std::string barber(caf::actor_system& in, std::uint64_t) {
  const barber_size size;
  barber_books books{size.haircuts};
  in.spawn<street>(in.spawn<waiting_room>(size.room, std::ref(books.cut), std::ref(books.most)), size.haircuts,
                   std::ref(books.served));
  in.await_all_actors_done();
  return judged(books, size).text();
}

} // namespace troupe::savina::on_caf
