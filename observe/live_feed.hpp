// Looks at a tree while somebody follows it, and makes one frame for all who do.

#pragma once

#include <troupe/observe/event_ring.hpp>
#include <troupe/observe/observer.hpp>
#include <troupe/observe/scene.hpp>
#include <troupe/observe/scene_json.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace troupe {

/// A moment of a tree, as it is sent.
struct live_frame {
  std::uint64_t number = 0; ///< From 1.
  scene seen;
  scene_parts parts;
  std::string message;          ///< To those who have the frame before; empty: nothing has changed.
  std::uint64_t event_last = 0; ///< Sequence of the newest event in it or before it.
};

/// What it has done so far, and who is there.
struct live_counts {
  std::size_t clients = 0;
  std::uint64_t frames = 0;
  std::uint64_t failed_looks = 0; ///< The tree could not be looked at: no memory.
  double look_seconds = 0;        ///< Time that all looks took together.
};

/// One thread looks at the tree, at most once in a `pause`, and only while somebody follows or has asked.
class live_feed {
public:
  /// @param clients_max   who may follow at once
  /// @param looks_always  also while nobody follows, and once more when it is let go
  live_feed(duration pause, std::size_t clients_max, std::size_t events_max, std::size_t children_max, event_sink* next,
            bool looks_always);
  ~live_feed();
  live_feed(const live_feed&) = delete;
  live_feed& operator=(const live_feed&) = delete;

  event_ring& events() noexcept { return events_; }

  void attach(observed what, bool control);
  void let_go() noexcept;
  /// Empty: it was begun. Else what is wrong.
  std::optional<std::string> control(control_action action, std::string_view path);

  /// One who follows. Counts while it lives.
  class follower {
  public:
    /// @pre there is room: see `follow`
    explicit follower(live_feed& of) noexcept : of_(of) {}
    ~follower() { of_.unfollow(); }
    follower(const follower&) = delete;
    follower& operator=(const follower&) = delete;

    /// What to send next: differences to those who have the frame before, else all. Before anything has changed, and
    /// after `patience`, that there is nothing.
    ///
    /// @returns empty: the feed has ended
    std::optional<std::string> next(duration patience);
    /// It has the events up to this one of the run of that name, from before.
    void resume(std::string_view last_event_id);

  private:
    live_feed& of_;
    std::uint64_t frame_ = 0;
    std::uint64_t event_ = 0;
  };

  /// Null: there are as many as there may be.
  std::unique_ptr<follower> follow();
  /// A frame that was made after this call; waits for at most `patience`.
  ///
  /// @returns null: none was made in time
  std::shared_ptr<const live_frame> look(duration patience);
  live_counts counts() const;

  /// Ends all waits of `next` and `look`.
  void stop() noexcept;

private:
  void run() noexcept;
  scene_time now() const;
  scene scene_of(const observed& what, scene_time at);
  std::shared_ptr<const live_frame> make(const live_frame* before);
  void unfollow() noexcept;
  duration pause_of(std::size_t clients) const noexcept;
  std::string message_of_events(std::uint64_t last, const std::vector<const noted_event*>& events) const;
  std::string message_of_all(const live_frame& frame, std::uint64_t event) const;

  const duration pause_;
  const std::size_t clients_max_;
  const bool looks_always_;
  const instant began_;
  const std::string run_; // tells this feed from one before on the same port
  event_ring events_;

  mutable std::mutex looking_; // held while the tree is looked at or something is asked for; guards what follows
  std::optional<observed> what_;
  std::optional<scene> last_; // of what was let go
  bool control_ = false;
  scene_maker scenes_;

  mutable std::mutex mutex_; // guards what follows, and the history of events; taken after looking_
  std::condition_variable wanted_;
  std::condition_variable made_;
  std::shared_ptr<const live_frame> frame_;
  std::uint64_t asked_ = 0;    // looks that were asked for
  std::uint64_t answered_ = 0; // of these, those before the frame was begun
  live_counts counts_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace troupe
