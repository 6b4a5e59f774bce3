// A scene as a frame of text, for a terminal.

#pragma once

#include <troupe/observe/scene.hpp>

#include <cstddef>
#include <string>

namespace troupe {

struct frame_shape {
  std::size_t columns = 80;
  std::size_t lines = 24;
  bool colours = false; ///< With escape sequences for them; else a character alone says the state.
};

/// The tree with states, depths as bars, restarts and who waits for whom; below it what flows, at which rate. At most
/// `lines` lines of at most `columns` columns. Where the tree is higher, siblings with numbered names are folded; what
/// does not fit all the same is counted in the last line.
///
/// ```
/// troupe run pool  12 fibers  3 restarts
/// ● pool
///   ▲ consumer-1    backing_off  3 restarts
///   ● consumer-2    running  ███░░░░░ 38/100  waits to receive
///   ▤ 6 more        6 running
///
/// messages    1.2k/s  ████████ 100/100  4 senders wait
/// ```
std::string frame_text(const scene& of, const frame_shape& shape);

} // namespace troupe
