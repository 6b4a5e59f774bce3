// What a topology is while it runs: its mailboxes, its books, and its actors over all of their runs.

#pragma once

#include <troupe/mailbox/hand.hpp>
#include <troupe/mailbox/lasting_inbox.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/supervisor.hpp>
#include <troupe/topology/node.hpp>
#include <troupe/topology/running.hpp>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::topology::detail {

struct live_node;

/// One actor, over all of its runs.
struct live_instance {
  live_node* of = nullptr;
  std::size_t index = 0;
  std::string name;
  std::atomic<std::uint64_t> runs{0}, crashes{0}, items{0}, items_made{0};
  std::atomic<bool> done{false};      // it is not started anew
  std::atomic<bool> cancelled{false}; // by hand
  troupe::detail::hand<parcel> in_hand;
  std::mutex mutex;              // guards the rest
  task_group* runs_in = nullptr; // while it runs
  bool crashes_by_hand = false;
};

struct live_edge {
  std::atomic<std::uint64_t> offered{0}, handled{0};
  std::array<std::atomic<std::uint64_t>, drop_reasons> lost{};
};

/// A mailbox, and those who read it. The mailbox stays while they are started anew, also when their supervisor is.
struct live_node {
  live_node(live& in, const node_description& from, const kind& of, std::size_t items, overflow on_full);

  const node_description& what;
  const kind& is;
  std::vector<std::size_t> outputs, asks; // edges
  std::size_t inputs = 0;
  bool one_overflow = true; // all edges to it do the same when there is no room
  mailbox<parcel> box;
  const sender<parcel> to;
  std::optional<troupe::detail::lasting_inbox<parcel>> in; // of one reader; of several:
  std::optional<receiver<parcel>> shared;
  const actor_ref<parcel> address;
  std::vector<std::unique_ptr<live_instance>> instances;
  std::atomic<std::size_t> open{0}; // instances that are not done
  std::atomic<int> reading{0};      // inboxes that are lent: also to an actor that was abandoned
  std::atomic<std::uint64_t> turn{0};
  std::atomic<std::uint64_t> handled{0}, late{0}, answers{0}, failed_asks{0};
  std::mutex mutex; // guards the rest
  std::map<std::string, std::uint64_t, std::less<>> counters;
  std::string last_error;
};

struct live_supervisor {
  std::string path;
  std::vector<std::pair<bool, std::size_t>> children; // (is a node, its index), in the order of the file
  std::atomic<std::uint64_t> runs{0}, gave_up{0};
  std::mutex mutex; // guards the rest
  std::optional<supervisor> handle;
};

/// Kept by whoever is in it, so that an actor that was abandoned finds it.
class live : public std::enable_shared_from_this<live> {
public:
  live(description from, const kinds& known);
  ~live() { drop_rest(); } // while its books are there

  /// The first that `run` does: makes the mailboxes, in a fiber, so that whoever tests hears of them.
  void begin();
  task<> run_root();
  /// @param standstill  empty: it was at work until then
  void time_is_up(std::string standstill = {}) noexcept { end(ending_kind::time, std::move(standstill)); }
  /// Whether everybody below that fiber has waited for another for half of `lasts`, while something is under way, in a
  /// sentence; empty: somebody goes on, or may. Sees what no wait-for edge tells: several who can end the same wait.
  std::string standstill(fiber& top) const;
  void fail(const std::exception_ptr& error);
  /// The last that `run` does, also where it is stopped.
  void has_gone(instant at, bool stopped) noexcept;
  /// When the tree has gone: what is still queued is lost.
  void drop_rest() noexcept;
  /// The inbox of that node was given back.
  void reader_goes(live_node& of) noexcept;
  bool begun() const noexcept { return begun_.load(); }
  bool is_ending() const noexcept { return has_ended_.load(); }

  /// @name Books
  ///@{
  void offer(std::size_t edge) noexcept;
  void settle(std::size_t edge, std::optional<drop_reason> lost) noexcept;
  ///@}

  std::vector<edge_counts> edges_now() const;
  std::vector<node_counts> nodes_now() const;
  std::optional<std::string> control(action what, std::string_view path);
  report result() const;
  std::shared_ptr<void> share(std::string_view name, const std::type_info& type,
                              const std::function<std::shared_ptr<void>()>& make);

  const description what;
  const kinds& known;
  std::vector<std::unique_ptr<live_node>> nodes;
  std::vector<std::unique_ptr<live_supervisor>> supervisors;
  std::unique_ptr<live_edge[]> edges;

private:
  class run_mark;

  static task<> run_node(std::shared_ptr<live> in, live_instance* me);
  static task<> run_kind(std::shared_ptr<live> in, live_instance& me, std::uint64_t run);
  static task<> run_supervisor(std::shared_ptr<live> in, std::size_t index);
  task<> start_children(supervisor& top, std::size_t index);
  void note_error(live_instance& me, const std::exception_ptr& error);
  void is_done(live_instance& me) noexcept;
  static void drop_queued(live_node& of) noexcept;
  void all_done_below(std::size_t supervisor) noexcept;
  void one_less_to_do() noexcept;
  void end(ending_kind how, std::string text) noexcept;
  std::optional<std::string> control_supervisor(action what, std::size_t index);
  std::optional<supervised> handle_of(std::size_t supervisor, std::string_view child) const;
  std::vector<std::string> paths_of(const live_node& of) const;

  std::atomic<bool> begun_{false};
  std::atomic<std::int64_t> to_do_{0}; // beginnings that are not done, and items under way
  std::atomic<int> running_{0};        // runs that have not ended: after the end, of actors that were abandoned
  std::atomic<std::size_t> open_{0};   // instances that are not done
  std::atomic<bool> has_ended_{false};
  std::atomic<bool> tree_gone_{false};
  mailbox<char> finished_{capacity{1}}; // closed: it is to end
  std::optional<sender<char>> finish_{finished_.sender()};
  instant began_{}, ended_at_{};
  mutable std::mutex mutex_; // guards the rest
  ending_kind ending_ = ending_kind::normal;
  std::string text_, gave_up_;
  struct shared_object {
    const std::type_info* type;
    std::shared_ptr<void> object;
  };
  std::map<std::string, shared_object, std::less<>> shared_;
};

} // namespace troupe::topology::detail
