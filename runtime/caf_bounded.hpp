// A bounded mailbox for plain CAF actors. Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/mailbox/overflow.hpp>

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/mailbox_element.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace troupe {

/// Counts of the mailbox of one `bounded` CAF actor. Those of different counters may be a few messages apart.
struct bounded_statistics {
  std::size_t capacity = 0;
  std::size_t depth = 0;      ///< Messages queued now.
  std::size_t depth_max = 0;  ///< The most there were when one was accepted.
  std::uint64_t accepted = 0; ///< Messages that went in.
  std::uint64_t rejected = 0; ///< Those that found it full, with `overflow::reject`.
  std::uint64_t dropped = 0;  ///< The same with `overflow::drop_newest`.
};

namespace detail {

/// The books of one bounded mailbox. CAF's own count is the reader's alone, and inexact.
///
/// @thread any
class caf_bound {
public:
  caf_bound(capacity at_most, overflow on_full);
  virtual ~caf_bound() = default;
  caf_bound(const caf_bound&) = delete;
  caf_bound& operator=(const caf_bound&) = delete;

  bounded_statistics statistics() const noexcept;
  /// Those of an actor; empty: it has no bound.
  static std::optional<bounded_statistics> of(const caf::abstract_actor* actor) noexcept;

protected:
  /// True for what the bound is for. What CAF's actors live by passes: exits, downs, errors, timeouts, answers.
  static bool counts(const caf::mailbox_element& element) noexcept;
  /// True when it may go in; else it is counted, and a request answered.
  bool admit(caf::mailbox_element& element);
  /// A message is out of the queue, or back in it because the actor skips it.
  void taken() noexcept { depth_.fetch_sub(1); }
  void put_back() noexcept { depth_.fetch_add(1); }
  /// Nothing is in the queue any more.
  void over() noexcept { over_.store(true); }

private:
  const std::size_t capacity_;
  const overflow on_full_;
  std::atomic<bool> over_{false};
  std::atomic<std::size_t> depth_{0};
  std::atomic<std::size_t> depth_max_{0};
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::uint64_t> refused_{0};
};

} // namespace detail

/// A plain CAF actor with a bounded mailbox: `class worker : public bounded<> { ... }`, whose constructor passes on a
/// capacity. No path leads around the bound: each message comes through `enqueue`, sent, requested, delegated, delayed
/// or by nobody.
///
/// Full, it rejects (`overflow::reject`) or drops (`overflow::drop_newest`) what comes, which is counted in either case,
/// and a request is answered `ask_failure::overflow` at once. (CAF's senders cannot wait, and what is queued is CAF's:
/// nothing else is possible.) At most `capacity` messages are queued, beside the one that is handled; where the actor
/// skips that it is queued again, and the next one has to wait for two.
///
/// What makes an actor end, and the answers that it waits for, need no room: exit and down messages, errors, timeouts,
/// responses.
///
/// @tparam Base  an actor of CAF's that is scheduled by messages; its constructor takes `(actor_config&, args...)`
template <class Base = caf::event_based_actor>
class bounded : public Base, public detail::caf_bound {
public:
  template <class... Args>
  explicit bounded(caf::actor_config& config, capacity at_most, overflow on_full = overflow::reject, Args&&... args)
      : Base(config, std::forward<Args>(args)...), caf_bound(at_most, on_full) {}

  using Base::enqueue;
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit* by) override {
    if (!counts(*element) || admit(*element))
      Base::enqueue(std::move(element), by);
  }

  using Base::consume;
  /// CAF calls it with each message; not for users.
  caf::invoke_message_result consume(caf::mailbox_element& element) override {
    if (!counts(element)) // before it is handled: then its content is gone
      return Base::consume(element);
    taken();
    const caf::invoke_message_result result = Base::consume(element);
    if (result == caf::invoke_message_result::skipped)
      put_back();
    return result;
  }

  bool cleanup(caf::error&& reason, caf::execution_unit* by) override {
    over();
    return Base::cleanup(std::move(reason), by);
  }
};

/// The counts of an actor that is `bounded`; empty: it is not, or not of this process.
///
/// @param actor  a `caf::actor`, or the handle of a typed one
/// @thread any
template <class Handle>
std::optional<bounded_statistics> statistics_of(const Handle& actor) noexcept {
  return detail::caf_bound::of(caf::actor_cast<caf::abstract_actor*>(actor));
}

} // namespace troupe
