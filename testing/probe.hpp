// An actor that a test plays: others have its address, and the test says what must come there.

#pragma once

#include <troupe/actors/actor.hpp>
#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/scope/type_name.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace troupe {

/// A probe got something else than was expected, or nothing, or what must not come. A scenario that ends with it is
/// wrong, also where a fault was injected.
class unexpected_message : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Takes each message that is sent to its address at once, up to a million: a test that does not look at them suspends
/// nobody. For simulated runs: what is allowed is not guarded against other threads. An ask that comes is answered by the test, by its `reply`; it has not begun for its asker until
/// then. (The words are those of CAF's and Akka's test kits.)
///
/// @thread the fiber that has made it
template <class Message>
class probe {
public:
  /// Starts it as an actor of the group, of which the probe must go before the group can end: make it in the body.
  ///
  /// @throws as `task_group::start_actor`
  explicit probe(task_group& in, std::string_view name = "probe")
      : rules_(std::make_shared<rules>()), taken_(capacity{capacity_of_probe}),
        address_(in.start_actor({.name = name, .capacity = capacity_of_probe}, relay, taken_.sender(), rules_)),
        in_order_(taken_.receiver()) {
    rules_->name = name;
  }
  probe(const probe&) = delete;
  probe& operator=(const probe&) = delete;

  const actor_ref<Message>& address() const noexcept { return address_; }

  /// From now on messages of this kind may come, and are thrown away while something else is expected.
  template <class M>
  void allow() {
    rules_->disallowed.erase(number_of<M>());
    rules_->allowed.insert(number_of<M>());
  }
  /// From now on none of this kind may come: one that does fails the probe, and with it its group.
  template <class M>
  void disallow() {
    rules_->allowed.erase(number_of<M>());
    rules_->disallowed.insert(number_of<M>());
  }

  /// Waits for the next message that is of this kind, or of one that is not allowed, and gives it.
  ///
  /// @param limit  longer than nothing; where nothing is said there is none, and a message that never comes is a deadlock.
  ///               Where time passes at any moment, as by default in `explore`, any limit may pass before the message
  /// @suspends until it comes, for `limit` at most
  /// @cancel   what has come stays, for the next call
  /// @throws   `unexpected_message`: it is of another kind, or none has come
  template <class M>
  task<M> expect(duration limit = duration::max()) {
    TROUPE_ASSERT(limit > duration::zero(), "probe::expect() looks at nothing in no time");
    std::optional<Message> next;
    const bool has_come = co_await move_on_after(limit, next_that_counts(next, number_of<M>()));
    if (!has_come)
      throw unexpected_message(rules_->name + " expects " + name_of(number_of<M>()) + ", and nothing has come");
    std::optional<M> found = content_of<M>(*next);
    if (!found)
      throw unexpected_message(rules_->name + " expects " + name_of(number_of<M>()) + ", and " + name_of(next->kind()) +
                               " has come");
    co_return std::move(*found);
  }
  /// Waits, and nothing may come meanwhile that is not allowed.
  ///
  /// @param meanwhile  longer than nothing
  /// @suspends for that long
  /// @cancel   as above
  /// @throws   `unexpected_message`
  task<> expect_nothing(duration meanwhile) {
    TROUPE_ASSERT(meanwhile > duration::zero(), "probe::expect_nothing() looks at nothing in no time");
    std::optional<Message> next;
    const bool has_come = co_await move_on_after(meanwhile, next_that_counts(next, no_number));
    if (has_come)
      throw unexpected_message(rules_->name + " expects nothing, and " + name_of(next->kind()) + " has come");
  }

private:
  static constexpr std::size_t capacity_of_probe = 1'000'000;
  static constexpr std::size_t no_number = static_cast<std::size_t>(-1);

  struct rules {
    std::string name;
    std::set<std::size_t> allowed, disallowed; // kinds, by their numbers
  };

  template <class M>
  static std::size_t number_of() {
    static_assert(Message::template has_kind<M>, "the actor's message has no such kind");
    for (std::size_t kind = 0;; ++kind)
      if (Message::type_of(kind) == typeid(M))
        return kind;
  }
  static std::string name_of(std::size_t kind) { return "a " + detail::type_name(Message::type_of(kind)); }
  template <class M>
  static std::optional<M> content_of(Message& of) {
    std::optional<M> found;
    of.visit([&]<class Kind>(Kind& content) {
      if constexpr (std::same_as<Kind, M>)
        found.emplace(std::move(content));
    });
    return found;
  }

  static task<> relay(inbox<Message> in, sender<Message> out, std::shared_ptr<rules> known) {
    while (auto next = co_await in.receive()) {
      if (known->disallowed.contains(next->kind()))
        throw unexpected_message(known->name + " got " + name_of(next->kind()) + ", which must not come");
      static_cast<void>(co_await out.send(std::move(*next)));
    }
  }
  task<> next_that_counts(std::optional<Message>& to, std::size_t wanted) {
    for (;;) {
      auto taken = co_await in_order_.receive();
      if (!taken)
        throw std::runtime_error(rules_->name + " has ended, and nothing more can come"); // as by a fault
      if (taken->kind() != wanted && rules_->allowed.contains(taken->kind()))
        continue;
      to.emplace(std::move(*taken));
      co_return;
    }
  }

  const std::shared_ptr<rules> rules_;
  const mailbox<Message> taken_;
  const actor_ref<Message> address_;
  const receiver<Message> in_order_;
};

} // namespace troupe
