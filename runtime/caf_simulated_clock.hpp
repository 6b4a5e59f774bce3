// CAF's clock in a simulated run. Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <troupe/scope/time_source.hpp>
#include <troupe/simulation/virtual_clock.hpp>

#include <caf/detail/simple_actor_clock.hpp>

#include <cstdint>
#include <utility>

namespace troupe::detail {

/// CAF's timeouts and delayed messages. The first of them is a timer of the simulator's.
class simulated_clock final : public caf::detail::simple_actor_clock {
public:
  explicit simulated_clock(virtual_clock& time) noexcept : time_(time) {}
  ~simulated_clock() override { time_.remove(alarm_); }

  time_point now() const noexcept override { return time_.now() + beginning; }
  bool is_due() const noexcept { return !schedule_.empty() && schedule_.begin()->first <= now(); }
  /// Delivers the first that is due.
  void deliver() {
    const auto first = schedule_.begin();
    const std::unique_ptr<delayed_event> delivered = std::move(first->second);
    if (delivered->backlink != actor_lookup_.end())
      actor_lookup_.erase(delivered->backlink);
    schedule_.erase(first);
    set_alarm();
    ship(*delivered);
  }

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, std::uint64_t id) override {
    simple_actor_clock::set_ordinary_timeout(t, self, type, id);
    set_alarm();
  }
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type, std::uint64_t id) override {
    simple_actor_clock::set_multi_timeout(t, self, type, id);
    set_alarm();
  }
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override {
    simple_actor_clock::set_request_timeout(t, self, id);
    set_alarm();
  }
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override {
    simple_actor_clock::cancel_ordinary_timeout(self, type);
    set_alarm();
  }
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override {
    simple_actor_clock::cancel_request_timeout(self, id);
    set_alarm();
  }
  void cancel_timeouts(caf::abstract_actor* self) override {
    simple_actor_clock::cancel_timeouts(self);
    set_alarm();
  }
  void schedule_message(time_point t, caf::strong_actor_ptr receiver, caf::mailbox_element_ptr content) override {
    simple_actor_clock::schedule_message(t, std::move(receiver), std::move(content));
    set_alarm();
  }
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender, caf::message content) override {
    simple_actor_clock::schedule_message(t, std::move(target), std::move(sender), std::move(content));
    set_alarm();
  }
  void cancel_all() override {
    simple_actor_clock::cancel_all();
    set_alarm();
  }

private:
  /// It only lets time pass: a timer's callback may not set others, as the receiver of a message does.
  class alarm final : public timer {
  public:
    alarm() noexcept : timer(instant{}, [](timer&, wakeups&) noexcept {}) {}
    using timer::set_when;
  };

  /// CAF takes the clock's first instant for none.
  static constexpr duration beginning{1};

  void set_alarm() {
    const time_point first = schedule_.empty() ? time_point::max() : schedule_.begin()->first;
    if (first == alarm_set_to_)
      return;
    time_.remove(alarm_);
    alarm_set_to_ = first;
    if (first == time_point::max() || is_due())
      return;
    alarm_.set_when(first - beginning);
    time_.add(alarm_);
  }

  virtual_clock& time_;
  alarm alarm_;
  time_point alarm_set_to_ = time_point::max();
};

} // namespace troupe::detail
