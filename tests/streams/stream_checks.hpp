// What holds for a byte_stream over anything: the checks of Trio's suite for streams, over a maker of connected pairs.

#pragma once

#include <troupe/scope/task.hpp>
#include <troupe/streams/pipe_pair.hpp>

#include <cstddef>
#include <functional>
#include <span>

namespace troupe::tests {

struct pair_maker {
  /// Two ends of a connection on which nothing has happened yet.
  std::function<task<stream_pair>()> connected;
  /// Of both ends, or less: see `byte_stream`.
  std::size_t high_water = 65'536;
  /// That `cs_024` sends each way.
  std::size_t bytes_each_way = 1'048'576;
};

/// A connection of which the first end has been written to until a write would wait.
task<stream_pair> clogged(const pair_maker& make);

/// One check: a task that throws where it does not hold. It takes no thread for itself, and waits for `moment` where
/// something is to wait that cannot be seen to: nothing in the simulator, and little on sockets.
struct stream_check {
  const char* id; ///< "CS-001"
  const char* sentence;
  task<> (*run)(const pair_maker&);
};

/// All of them, in the order of their ids.
std::span<const stream_check> stream_checks();

/// @name Sending and receiving
///@{
task<> cs_001(const pair_maker& make);
task<> cs_002(const pair_maker& make);
task<> cs_003(const pair_maker& make);
task<> cs_004(const pair_maker& make);
task<> cs_005(const pair_maker& make);
///@}

/// @name Closing
///@{
task<> cs_006(const pair_maker& make);
task<> cs_007(const pair_maker& make);
task<> cs_008(const pair_maker& make);
task<> cs_009(const pair_maker& make);
task<> cs_010(const pair_maker& make);
task<> cs_011(const pair_maker& make);
task<> cs_012(const pair_maker& make);
task<> cs_013(const pair_maker& make);
task<> cs_014(const pair_maker& make);
task<> cs_015(const pair_maker& make);
///@}

/// @name A clogged stream
///@{
task<> cs_016(const pair_maker& make);
task<> cs_017(const pair_maker& make);
task<> cs_018(const pair_maker& make);
task<> cs_019(const pair_maker& make);
task<> cs_020(const pair_maker& make);
task<> cs_021(const pair_maker& make);
task<> cs_022(const pair_maker& make);
///@}

/// @name Both directions
///@{
task<> cs_023(const pair_maker& make);
task<> cs_024(const pair_maker& make);
task<> cs_025(const pair_maker& make);
task<> cs_026(const pair_maker& make);
task<> cs_027(const pair_maker& make);
task<> cs_028(const pair_maker& make);
///@}

} // namespace troupe::tests
