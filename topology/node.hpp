// One run of a node, as the function of its kind sees it.

#pragma once

#include <troupe/actors/actor_ref.hpp>
#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/simulation/random.hpp>
#include <troupe/topology/description.hpp>
#include <troupe/topology/item.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace troupe::topology {

namespace detail {
class live;
struct live_node;
struct live_instance;
} // namespace detail

/// What the function of a kind is given: parameters, input, outputs, whom it asks, and what is shared. Good for one run;
/// children that the run starts, and joins, may use it, too.
///
/// @thread any, but for `random()`
class node {
public:
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// As in the file; where there are several, with a number: "fetch-3".
  const std::string& name() const noexcept;
  /// Which of the runs of this one it is, from 1.
  std::uint64_t run() const noexcept { return run_; }
  /// Which of the nodes of the same name it is, from 0.
  std::size_t index() const noexcept;
  const node_description& described() const noexcept;
  /// Numbers for this run: the same for the same seed of the topology, name and run.
  ///
  /// @thread that of the run
  seeded_random& random() noexcept { return random_; }

  /// @name Parameters of its kind, as given or by default
  /// @pre  the kind has one of that name and type
  ///@{
  bool flag(std::string_view parameter) const;
  std::uint64_t count(std::string_view parameter) const; ///< Also of bytes.
  double number(std::string_view parameter) const;
  duration time(std::string_view parameter) const;
  const std::string& text(std::string_view parameter) const; ///< Also of choices.
  ///@}

  /// Calls `handle(item&)` for each item and each question that comes, until nothing more can come. The answer to a
  /// question is what `handle` leaves in the item. Up to `at_once` run at the same time; `handle` is kept, and what it
  /// refers to must live until this has ended. The `deadline` of the node is around each call: one that is late is
  /// given up, and counted.
  ///
  /// @suspends until there is an end
  /// @cancel   what is handled then is stopped, and counts as `handling_cancelled`
  /// @throws   what `handle` throws; then the item counts as `crashed`
  task<> each(std::function<task<>(item&)> handle);
  /// What the file says of the work with one item: its faults, `work`, `busy`, one ask of each node that it asks, and
  /// `commit` in its shield. Parameters that the kind does not have are taken for zero.
  ///
  /// @throws  what a fault throws; `ask_error`
  task<> work(item& with);

  std::size_t outputs() const noexcept;
  /// Sends to one output, or to all, as `fan_out` says. Without outputs it does nothing.
  ///
  /// @suspends as the edges say
  /// @returns  true: it was accepted wherever it went
  task<bool> send(item what);
  /// Sends to one of them: what its edge says is done when there is no room.
  ///
  /// @returns as `sender::send`; `dropped` also where the edge's `within` has passed
  task<send_status> send_to(std::size_t output, item what);

  std::size_t asks() const noexcept; ///< How many nodes it asks.
  /// Asks one of them.
  ///
  /// @returns the answer; empty: the edge's `within` has passed
  /// @throws  as `actor_ref::ask`
  task<std::optional<item>> ask(std::size_t which, item what);

  /// Crashes where the node's faults say so: for kinds that do not call `work`, once for each item.
  void fault();
  /// Waits for the `every` of its parameters, before another item, or step, of its own making. Who has none, or zero,
  /// waits only where nothing else lets time pass, as in the simulator: there it would be the same instant for ever.
  ///
  /// @suspends for `every`; without it at each hundredth call at one instant, for a twentieth of `lasts`
  task<> wait_every();
  /// Another item of this node's own making, numbered over all of its runs.
  item made();
  /// Adds to a number of this node by that name, which its kind must have declared in `counters`.
  void add(std::string_view counter, std::uint64_t by = 1);
  /// Shows an error as the last one of this node: one that has ended no run.
  void note(const std::exception_ptr& error);

  /// The object of that name and type that all nodes of this topology share: made at the first call, as `T(args...)`,
  /// and there until the run of the topology has ended.
  ///
  /// @throws what making it throws; `std::logic_error`: there is one of another type
  template <class T, class... Args>
  std::shared_ptr<T> shared(std::string_view name, Args&&... args) {
    return std::static_pointer_cast<T>(share(
        name, typeid(T), [&]() -> std::shared_ptr<void> { return std::make_shared<T>(std::forward<Args>(args)...); }));
  }
  /// The object of that type that this node alone keeps, over its runs: one of each type.
  template <class T, class... Args>
  std::shared_ptr<T> kept(Args&&... args) {
    return shared<T>(name() + "/kept/" + typeid(T).name(), std::forward<Args>(args)...);
  }

private:
  friend class detail::live;

  node(std::shared_ptr<detail::live> in, detail::live_instance& of, std::uint64_t run);

  using handler = std::function<task<>(item&)>;
  template <class In>
  task<> each_of(const In& in, const handler& handle);
  task<> handle_one(parcel& next, const handler& handle);
  task<> handle_told(delivery& next, const handler& handle);
  task<> handle_asked(question& next, const handler& handle);
  task<> in_time(item& what, const handler& handle);
  static task<send_status> sent(const sender<parcel>& to, item what, ticket paid);
  static task<item> asked(const actor_ref<parcel>& whom, item what, ticket paid);
  duration time_or_zero(std::string_view parameter) const;

  const parameter_value* find(std::string_view parameter) const noexcept;
  std::shared_ptr<void> share(std::string_view name, const std::type_info& type,
                              const std::function<std::shared_ptr<void>()>& make);

  const std::shared_ptr<detail::live> in_;
  detail::live_instance& of_;
  const std::uint64_t run_;
  seeded_random random_;
  instant made_at_{}; // at which instant it made its last items, and how many
  std::uint64_t made_then_ = 0;
};

} // namespace troupe::topology
