#include <troupe/observe/text_sink.hpp>
#include <troupe/observe/words.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe {

namespace {

// The column of the words moves to the right with the paths, and not beyond a limit: one long path should not push all
// others out of a terminal.
constexpr std::size_t column_min = 24;
constexpr std::size_t column_max = 48;

std::string because(const exit_reason& reason) {
  return reason.error ? ": " + detail::in_one_line(message_of(reason.error)) : "";
}

std::string end_in_words(const exit_reason& reason) {
  switch (reason.kind) {
  case exit_kind::normal:
    return "has ended";
  case exit_kind::cancelled:
    return "was cancelled";
  case exit_kind::failed:
    return "failed" + because(reason);
  case exit_kind::killed:
    return "was killed";
  }
  return "has ended";
}

std::string stop_in_words(const exit_reason& reason) {
  switch (reason.kind) {
  case exit_kind::normal:
    return "has stopped, with its work done";
  case exit_kind::cancelled:
    return "has stopped";
  case exit_kind::failed:
    return "has stopped, and failed in that" + because(reason);
  case exit_kind::killed:
    return "has stopped, killed";
  }
  return "has stopped";
}

std::string time_left(duration limit) {
  return limit == duration::max() ? "as long as it takes" : detail::in_words(limit);
}

} // namespace

namespace detail {

std::string in_words(const tree_event& happened) {
  switch (happened.kind) {
  case tree_event_kind::begun:
    return "starts";
  case tree_event_kind::started:
    return "is ready";
  case tree_event_kind::ended:
    return end_in_words(happened.reason);
  case tree_event_kind::restarting:
    return happened.wait > duration::zero() ? "restarts in " + in_words(happened.wait) : "restarts at once";
  case tree_event_kind::stopping:
    return "is asked to stop, and has " + time_left(happened.wait);
  case tree_event_kind::killed:
    return "is killed, and has " + time_left(happened.wait) + " to clean up";
  case tree_event_kind::stopped:
    return stop_in_words(happened.reason);
  case tree_event_kind::abandoned:
    return "does not end: abandoned";
  case tree_event_kind::forgotten:
    return "is no child any more";
  case tree_event_kind::gave_up:
    return "gives up, that is one restart too many" + because(happened.reason);
  }
  return std::string(to_string(happened.kind));
}

} // namespace detail

text_sink::text_sink(std::FILE* to, event_sink* next)
    : text_sink(
          [to](std::string_view line) {
            std::fwrite(line.data(), 1, line.size(), to); // in one piece
            std::fflush(to);
          },
          next) {}

text_sink::text_sink(line_writer write, event_sink* next)
    : write_(std::move(write)), next_(next), column_(column_min) {}

std::string text_sink::line_of(const tree_event& happened) {
  if (!began_)
    began_ = happened.time;
  const double seconds = std::chrono::duration<double>(happened.time - *began_).count();
  std::string who = detail::in_one_line(happened.path);
  if (happened.kind != tree_event_kind::gave_up) // else the path is the supervisor's, the number the child's
    who += fmt::format(" #{}", happened.incarnation);
  const std::size_t width = detail::columns(who);
  column_ = std::max(column_, std::min(width, column_max));
  return fmt::format("{:>9.3f}  {}{:{}}  {}\n", seconds, who, "", column_ - std::min(width, column_),
                     detail::in_words(happened));
}

void text_sink::on_event(const event& happened) noexcept {
  if (next_ != nullptr)
    next_->on_event(happened);
}

void text_sink::on_tree_event(const tree_event& happened) noexcept {
  {
    const std::lock_guard held{mutex_};
    try {
      write_(line_of(happened));
    } catch (...) { // no memory for the line
      write_("an event of the tree could not be written: out of memory\n");
    }
  }
  if (next_ != nullptr)
    next_->on_tree_event(happened);
}

} // namespace troupe
