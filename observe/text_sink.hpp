// The events of a tree of supervisors, a line each.

#pragma once

#include <troupe/scope/event.hpp>

#include <cstddef>
#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Writes what happens in a tree of supervisors as a story:
///
/// ```
///     0.000  /app/db #1            starts
///     0.000  /app/db #1            is ready
///    12.345  /app/db #1            failed: connection refused
///    12.345  /app/db #1            restarts in 340 ms
/// ```
///
/// Each line has the seconds since the first event, the child's path, which of its runs it is, and what happened. It is
/// written in one piece: lines of several threads, or of several sinks of one file, do not mix. What comes from users, a
/// path or the text of an error, is escaped, and never leaves its line.
///
/// It has no use for the events of fibers, so these cost nothing unless the sink behind it takes them.
class text_sink final : public event_sink {
public:
  /// Takes one line, with its end. It neither throws nor calls back. Never called by two threads at once.
  using line_writer = std::function<void(std::string_view line)>;

  /// Writes to a file, which is flushed after each line: whoever does not read it holds up the supervisors.
  ///
  /// @param next  is given every event as well, after its line; null: nobody. Must outlive this sink
  explicit text_sink(std::FILE* to = stderr, event_sink* next = nullptr);
  /// Gives each line to `write`.
  explicit text_sink(line_writer write, event_sink* next = nullptr);

  void on_event(const event& happened) noexcept override;
  void on_tree_event(const tree_event& happened) noexcept override;
  bool takes_fiber_events() const noexcept override { return next_ != nullptr && next_->takes_fiber_events(); }

private:
  std::string line_of(const tree_event& happened);

  const line_writer write_;
  event_sink* const next_;
  std::mutex mutex_; // guards what follows, and the calls of write_
  std::optional<instant> began_;
  std::size_t column_; // where the words begin
};

namespace detail {

/// What an event tells of its child, in words: "failed: connection refused".
std::string in_words(const tree_event& happened);

} // namespace detail

} // namespace troupe
