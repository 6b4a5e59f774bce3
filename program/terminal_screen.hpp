// The terminal, while frames are drawn on it.

#pragma once

#include <troupe/observe/scene_text.hpp>
#include <troupe/program/awaited_signals.hpp>
#include <troupe/program/held_output.hpp>
#include <troupe/scope/time_source.hpp>

#include <atomic>
#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <termios.h>

namespace troupe::tools {

/// Draws frames on a screen of its own, without a cursor and without an echo of keys, from the first frame on. The
/// terminal is as it was when this goes, and also where the process ends otherwise: by a signal, a failed assertion, an
/// exit. What others write meanwhile is kept, and written then. A suspension (Ctrl-Z) gives the terminal back until it
/// is over, and nothing is drawn in the background.
///
/// One at a time, made before any thread that should not be interrupted by its signals.
///
/// @thread made and destroyed on one, drawn and waited by one
class terminal_screen {
public:
  /// Whether frames can be drawn: standard output is a terminal that is not "dumb".
  static bool is_possible() noexcept;

  /// Masks, for this thread and those that it starts, the signals of a terminal: that its size has changed, that it is
  /// gone, and those that suspend or kill the program, which `wait` takes.
  ///
  /// @param takes_interrupts  those that ask the program to end, SIGINT and SIGTERM, as well
  explicit terminal_screen(bool takes_interrupts);
  ~terminal_screen();
  terminal_screen(const terminal_screen&) = delete;
  terminal_screen& operator=(const terminal_screen&) = delete;

  /// Draws what `frame` gives for the terminal's shape now. A frame that is too high or too wide is cut.
  ///
  /// @returns why it could not be written; the terminal has gone
  std::error_code draw(const std::function<std::string(const frame_shape&)>& frame);

  /// Until it is time for another frame.
  ///
  /// @returns SIGINT or SIGTERM; 0: neither, the time has passed or the terminal has another size
  int wait(duration limit);
  /// Ends the wait of the thread that draws.
  ///
  /// @thread any
  static void wake(pthread_t drawing) noexcept { pthread_kill(drawing, SIGWINCH); }

  /// Gives the terminal back for good, for whoever ends the process: nothing is drawn any more. Nothing where there is
  /// no screen. Async-signal-safe.
  ///
  /// @thread any
  static void leave() noexcept;

private:
  class drawing;

  void enter() noexcept;
  void give_back() noexcept;

  const awaited_signals signals_;
  held_output others_;
  bool entered_ = false;
  std::optional<termios> echoing_; // what the terminal's settings were
  std::atomic<bool> busy_{false};
};

} // namespace troupe::tools
