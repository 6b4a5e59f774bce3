// Which connections there are, and which of them goes when there are too many.

#pragma once

#include <troupe/scope/time_source.hpp>
#include <troupe/streams/byte_stream.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>

namespace troupe::ledger {

struct connection_options {
  std::size_t connections_max = 1'000;
  /// Requests of one connection that are in hand. What it sends beyond them waits, and is not read, unless the service is
  /// full: then it is refused.
  std::size_t pipelined_max = 16;
  /// Answers of one connection, also refusals, that wait for those before them; with more it is not read.
  std::size_t answers_max = 256;
  /// Without a whole request for so long a connection is closed; so is one that does not read its answers.
  duration idle_limit = std::chrono::seconds{60};
};

/// What is counted of connections. Outlives them.
struct connection_counts {
  std::atomic<std::uint64_t> accepted{0}, requests{0}, refused{0}, overloaded{0}, closed_idle{0};
  std::atomic<std::size_t> open{0};
};

/// The connections of one server.
///
/// @thread any
class connections {
public:
  connections(const connection_options& options, connection_counts& counts) noexcept
      : options_(options), counts_(counts) {}

  /// A connection that lives as long as this.
  class place {
  public:
    /// Where there are too many, one that is idle is asked to end: one that never had a whole request before any other,
    /// else the one that had none for longest, in relation to how many it had. So who asks once and then holds its place
    /// goes before who asks again and again.
    place(connections& in, byte_stream& over, instant now);
    ~place();
    place(const place&) = delete;
    place& operator=(const place&) = delete;

    void request_begins() noexcept;
    void request_ends(instant now) noexcept;
    bool is_idle() const noexcept;
    /// It was asked to make room.
    bool must_go() const noexcept;

  private:
    friend class connections;

    connections& in_;
    byte_stream& over_;
    std::size_t in_hand_ = 0; // guarded by the lock of `in_`, as all of these are
    std::uint64_t requests_ = 0;
    instant idle_since_;
    bool must_go_ = false;
    std::list<place*>::iterator at_;
  };

  const connection_options& options() const noexcept { return options_; }
  connection_counts& counts() noexcept { return counts_; }

private:
  void make_room(const place& for_this, instant now) noexcept;

  const connection_options options_;
  connection_counts& counts_;
  std::mutex lock_; // guards the rest
  std::list<place*> all_;
};

} // namespace troupe::ledger
