// The CAF actors of pingpong, ring, spawn, idle, restart and taskgroup.

#pragma once

#include "caf_common.hpp"

#include <memory>
#include <stdexcept>
#include <vector>

namespace peer {

// ---- pingpong -------------------------------------------------------------------------------------------------------

/// Answers an item; sends a quick ball back to the player it was told of.
class pong : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[this](const caf::actor& player) { player_ = player; }, //
            [](item value) -> item { return value; },               //
            [this](quick_ball value) { tell(this, player_, value); },
            [this](stop) {
              player_ = nullptr; // the two hold each other
              quit();
            }};
  }

private:
  caf::actor player_;
};

/// Plays n round trips, as requests (pingpong) or as plain sends (pingpong_send).
class ping : public caf::event_based_actor {
public:
  ping(caf::actor_config& config, caf::actor other, int64_t n, bool by_request)
      : event_based_actor(config), other_(std::move(other)), n_(n), by_request_(by_request) {}

  caf::behavior make_behavior() override {
    return {[this](stop) { serve(); }, // main's signal to begin
            [this](quick_ball value) { returned(static_cast<item>(value)); }};
  }

private:
  void serve() {
    if (!by_request_) {
      tell(this, other_, static_cast<quick_ball>(got_.count));
      return;
    }
#if PEER_CAF_1
    mail(got_.count).request(other_, caf::infinite).then([this](item value) { returned(value); });
#else
    request(other_, caf::infinite, got_.count).then([this](item value) { returned(value); });
#endif
  }

  void returned(item value) {
    got_.add(value);
    if (got_.count < n_)
      return serve();
    board.add(got_);
    board.finished.set_value();
    tell(this, other_, stop{});
    quit();
  }

  caf::actor other_;
  int64_t n_;
  bool by_request_;
  totals got_;
};

// ---- ring -----------------------------------------------------------------------------------------------------------

/// Passes the token on, one less; tells where it became 0.
class ring_node : public caf::event_based_actor {
public:
  ring_node(caf::actor_config& config, int64_t place) : event_based_actor(config), place_(place) {}

  caf::behavior make_behavior() override {
    return {[this](const caf::actor& next) { next_ = next; },
            [this](item token) {
              if (token > 0)
                return tell(this, next_, token - 1);
              board.count = place_;
              board.finished.set_value();
            },
            [this](stop) {
              next_ = nullptr;
              quit();
            }};
  }

private:
  int64_t place_;
  caf::actor next_;
};

// ---- spawn, idle ----------------------------------------------------------------------------------------------------

/// Takes one message and ends.
class one_shot : public caf::event_based_actor {
public:
  inline static std::atomic<int64_t> waiting{0};

  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    ++waiting;
    return {[this](item value) {
      ++board.count, board.sum += value;
      quit();
    }};
  }
};

// ---- restart --------------------------------------------------------------------------------------------------------

class crashing_child : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    set_exception_handler([](std::exception_ptr&) { return make_error(caf::sec::runtime_error); }); // prints nothing
    return {[](item value) {
      ++board.count, board.sum += value;
      throw std::runtime_error("crash");
    }};
  }
};

/// Starts a child, lets it crash, and starts the next when it has ended: n times.
class restarter : public watching_actor {
public:
  restarter(caf::actor_config& config, int64_t n) : watching_actor(config), n_(n) {}

  caf::behavior make_behavior() override {
    return {[this](stop) { start(); }}; // main's signal to begin
  }

protected:
  void child_ended() override {
    if (++ended_ < n_)
      return start();
    board.finished.set_value();
    quit();
  }

private:
  void start() {
    auto child = spawn<crashing_child>();
    watch(child);
    post(child, ended_); // without a sender: 1.x would answer it with the error, which would end this actor
  }

  int64_t n_, ended_ = 0;
};

// ---- taskgroup ------------------------------------------------------------------------------------------------------

/// One round: n children begin, one fails, all end. Outlives its actors.
struct group_round {
  explicit group_round(int64_t children) : n(children) {}

  int64_t n;
  std::atomic<int64_t> begun{0}, ended{0};
  std::promise<void> all_begun, all_ended;
  double failed_at = 0, ended_at = 0;
};

class group_child : public caf::event_based_actor {
public:
  group_child(caf::actor_config& config, group_round* round) : event_based_actor(config), round_(round) {}

  caf::behavior make_behavior() override {
    if (++round_->begun == round_->n)
      round_->all_begun.set_value();
    return {[this](stop) {
      round_->failed_at = peer::now();
      quit(make_error(caf::sec::runtime_error));
    }};
  }

  void on_exit() override {
    if (++round_->ended == round_->n) {
      round_->ended_at = peer::now();
      round_->all_ended.set_value();
    }
  }

private:
  group_round* round_;
};

/// Watches its children and kills the others when the first has ended; or is linked to them, and dies with the first
/// and they with it.
class group_owner : public watching_actor {
public:
  group_owner(caf::actor_config& config, group_round* round, bool link)
      : watching_actor(config), round_(round), link_(link) {}

  caf::behavior make_behavior() override {
    for (int64_t i = 0; i < round_->n; ++i) {
      children_.push_back(link_ ? spawn<group_child, caf::linked>(round_) : spawn<group_child>(round_));
      if (!link_)
        watch(children_.back());
    }
    return {[this](stop) { tell(this, children_[children_.size() / 2], stop{}); }};
  }

  void on_exit() override { children_.clear(); }

protected:
  void child_ended() override {
    if (++ended_ == 1)
      for (const caf::actor& child : children_)
        send_exit(child, caf::exit_reason::kill);
    if (ended_ == round_->n)
      quit();
  }

private:
  group_round* round_;
  bool link_;
  int64_t ended_ = 0;
  std::vector<caf::actor> children_;
};

} // namespace peer
