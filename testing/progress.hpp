// How far an exploration is, on a terminal; and Ctrl-C, which ends it with what it has.

#pragma once

#include <cstddef>
#include <string>

namespace troupe::detail {

/// While it lives a first Ctrl-C ends the exploration, which then says what it has covered; a second one ends the
/// program.
class progress {
public:
  /// @param of  what is explored; outlives this
  explicit progress(const std::string& of);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// Writes a line over the last one, ten times a second at most, where standard error is a terminal.
  ///
  /// @param of  0: nobody knows how many there will be
  static void show(std::size_t done, std::size_t of);
  static bool interrupted() noexcept;
  /// Says so, and ends the program as if nobody had handled the interrupt; goes on where somebody else does.
  ///
  /// @pre no object of this class is there
  static void end_by_interrupt(const std::string& covered);

private:
  bool is_outermost_;
};

} // namespace troupe::detail
