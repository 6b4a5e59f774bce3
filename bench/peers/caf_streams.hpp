// The CAF actors of pipeline, chain and fanin. CAF's mailboxes have no bound, so credit is one: a producer begins with
// a window of as many items as may be on their way, and whoever takes items grants it new ones.

#pragma once

#include "caf_common.hpp"

#include <deque>
#include <vector>

namespace peer {

constexpr credit no_window = 4'000'000'000; // more than any run has items
constexpr credit no_acks = 0;               // as a batch: nothing is granted

/// Sends the items [next, end) to `to` in turn, as far as its window reaches.
class producer : public caf::event_based_actor {
public:
  static constexpr item_source anonymous = -1;

  producer(caf::actor_config& config, std::vector<caf::actor> to, item begin, item end, item_source source)
      : event_based_actor(config), to_(std::move(to)), next_(begin), end_(end), source_(source) {}

  caf::behavior make_behavior() override {
    return {[this](credit more) {
      window_ += more;
      for (; next_ < end_ && window_ > 0; ++next_, --window_) {
        if (source_ == anonymous)
          tell(this, to_[turn_], next_);
        else
          tell(this, to_[turn_], source_, next_);
        if (++turn_ == to_.size())
          turn_ = 0;
      }
      if (next_ == end_) {
        for (const caf::actor& consumer : to_)
          tell(this, consumer, stop{});
        quit();
      }
    }};
  }

private:
  std::vector<caf::actor> to_;
  item next_, end_;
  item_source source_;
  credit window_ = 0;
  size_t turn_ = 0;
};

/// Adds items up until each of its producers has stopped, granting each of them `batch` items at a time.
class consumer : public caf::event_based_actor {
public:
  consumer(caf::actor_config& config, credit batch, int producers)
      : event_based_actor(config), batch_(batch), running_(producers), owed_(static_cast<size_t>(producers)) {}

  caf::behavior make_behavior() override {
    return {[this](const caf::actor& producer) { producers_.push_back(producer); }, // in the order of their numbers
            [this](item value) { take(0, value); },                                 //
            [this](item_source source, item value) { take(static_cast<size_t>(source), value); },
            [this](stop) {
              if (--running_ > 0)
                return;
              board.add(got_);
              if (--board.consumers_left == 0)
                board.finished.set_value();
              quit();
            }};
  }

private:
  void take(size_t source, item value) {
    got_.add(value);
    if (batch_ != no_acks && ++owed_[source] == batch_) {
      tell(this, producers_[source], batch_);
      owed_[source] = 0;
    }
  }

  credit batch_;
  int running_;
  std::vector<credit> owed_;
  std::vector<caf::actor> producers_;
  totals got_;
};

/// Passes items on as far as the window downstream reaches, and grants upstream what it has passed on.
class stage : public caf::event_based_actor {
public:
  stage(caf::actor_config& config, caf::actor downstream, credit window, credit batch)
      : event_based_actor(config), downstream_(std::move(downstream)), window_(window), batch_(batch) {}

  caf::behavior make_behavior() override {
    return {[this](const caf::actor& upstream) { upstream_ = upstream; },
            [this](item value) {
              if (window_ > 0) // then nothing is held
                pass_on(value);
              else
                held_.push_back(value); // these are no more than the window upstream
            },
            [this](credit more) {
              window_ += more;
              for (; window_ > 0 && !held_.empty(); held_.pop_front())
                pass_on(held_.front());
              end_when_drained();
            },
            [this](stop) {
              stopping_ = true;
              end_when_drained();
            }};
  }

private:
  void pass_on(item value) {
    --window_;
    tell(this, downstream_, value);
    if (batch_ != no_acks && ++owed_ == batch_) {
      tell(this, upstream_, batch_);
      owed_ = 0;
    }
  }

  void end_when_drained() {
    if (stopping_ && held_.empty()) {
      tell(this, downstream_, stop{});
      quit();
    }
  }

  caf::actor upstream_, downstream_;
  credit window_, batch_, owed_ = 0;
  std::deque<item> held_;
  bool stopping_ = false;
};

} // namespace peer
