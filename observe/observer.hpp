// A live view of a tree: a page, its data and its metrics, over HTTP.

#pragma once

#include <troupe/mailbox/statistics.hpp>
#include <troupe/scope/event.hpp>
#include <troupe/scope/snapshot.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// A mailbox, and who sends to it and receives from it: an edge of the picture.
struct flow_seen {
  std::string name;              ///< Its key: no two flows have the same.
  std::vector<std::string> from; ///< Paths of who sends, as `tree_snapshot::path` has them.
  std::vector<std::string> to;   ///< Paths of who receives.
  mailbox_statistics counts;
};

/// What the page's buttons ask for.
enum class control_action : std::uint8_t {
  crash,   ///< As if an exception had left its function: its supervisor decides what comes of it.
  cancel,  ///< Its run is asked to stop.
  restart, ///< It is started anew, also where it is down.
};

/// The name, as in the enumeration; and back, empty where it is none.
std::string_view to_string(control_action action) noexcept;
std::optional<control_action> control_action_of(std::string_view name) noexcept;

/// What an observer looks at. Its functions are called by the observer's threads, one at a time, while it is attached.
struct observed {
  /// "[&] { return here.snapshot(); }" of a runtime.
  std::function<tree_snapshot()> tree;
  /// Null: mailboxes are known only as far as their readers are actors of the tree.
  std::function<std::vector<flow_seen>()> flows = nullptr;
  /// Begins what was asked for, without waiting for it, and says what is wrong; empty: nothing. Null: nothing can be
  /// asked for.
  std::function<std::optional<std::string>(control_action action, std::string_view path)> control = nullptr;
  /// Of the page.
  std::string title = "troupe";
};

struct observer_options {
  /// The address to listen on. Whoever reaches it sees names, paths and texts of errors: there are no passwords.
  std::string host = "127.0.0.1";
  /// 0: any that is free; see `observer::url`.
  std::uint16_t port = 0;
  /// The page may crash, cancel and restart children: needs a `host` that only this machine reaches.
  bool control = false;
  /// Who may follow at once; others are told to come back later. Each has a thread, which sleeps between frames.
  std::size_t clients_max = 200;
  /// Between two looks at the tree, at least. Beyond 40 clients it grows with their number.
  duration pause = std::chrono::milliseconds{100};
  /// Of the tree's events, the newest: what the timeline can scroll back to, and a client resume from.
  std::size_t events_max = 2'000;
  /// Children of one parent beyond so many are shown as one, with the most interesting ones of them.
  std::size_t children_max = 500;
  /// Is given every event as well, after it was noted; null: nobody. Must outlive the observer.
  event_sink* next = nullptr;
  /// Looks also while nobody asks, and once more when the attachment ends: so there is a last state to be shown when the
  /// tree has ended before anybody came.
  bool looks_always = false;
};

/// Serves a live view of one tree at a time:
///
/// ```
/// observer live{{.port = 8080}};
/// runtime here{{.sink = &live.sink()}};
/// const observation seen = live.attach({.tree = [&] { return here.snapshot(); }});
/// ```
///
/// `/` is the page, `/events` what it follows (server-sent events), `/tree.json` the same once, `/metrics` for
/// Prometheus. While nobody looks, nobody looks at the tree either; a client that is slow misses frames, and one that does
/// not read is dropped. Fibers pay for none of it: `sink` takes the events of supervisors alone.
///
/// Made before the runtime, so that it outlives it: the tree's last events come to the sink. Its threads take no signals.
class observer {
public:
  /// Takes requests from here on.
  ///
  /// @throws std::system_error: it cannot listen there; std::invalid_argument: `control` on a host that others reach
  explicit observer(const observer_options& options = {});
  /// Ends all connections.
  ///
  /// @pre nothing is attached, and nobody tells the sink any more
  ~observer();
  observer(const observer&) = delete;
  observer& operator=(const observer&) = delete;

  /// For `runtime_options::sink`. Its `on_tree_event` copies what it is told, under a lock that nobody keeps.
  event_sink& sink() noexcept;

  /// Ends the attachment in its destructor, after the call that is under way, if one is.
  class attachment {
  public:
    explicit attachment(observer& to) noexcept : to_(&to) {}
    attachment(attachment&& from) noexcept : to_(std::exchange(from.to_, nullptr)) {}
    attachment& operator=(attachment&&) = delete;
    ~attachment() {
      if (to_ != nullptr)
        to_->let_go();
    }

  private:
    observer* to_;
  };

  /// Shows this tree, in place of the one before.
  ///
  /// @pre    `what.tree` is not null; what the functions refer to outlives the attachment
  /// @thread any
  [[nodiscard]] attachment attach(observed what);

  /// "http://127.0.0.1:8080/".
  ///
  /// @thread any
  std::string url() const;

private:
  class state;

  void let_go() noexcept;

  std::unique_ptr<state> state_;
};

/// While it lives the observer shows what it was attached to.
using observation = observer::attachment;

} // namespace troupe
