// What a listener is made of: a socket that listens, how many of its connections are open, and who waits for the next.

#pragma once

#include <troupe/scope/fiber.hpp>
#include <troupe/streams/reactor.hpp>
#include <troupe/streams/socket.hpp>
#include <troupe/streams/socket_transport.hpp>
#include <troupe/streams/stream_state.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <sys/types.h>
#include <system_error>

namespace troupe::detail {

/// Its connections hold it, to be counted, and so does the reactor when it is closed.
class listener_state final : public socket_watcher,
                             public connection_count,
                             public waitable,
                             public std::enable_shared_from_this<listener_state> {
public:
  /// @param listens  a socket that listens
  /// @throws std::system_error  it cannot be watched; then it is closed
  listener_state(executor& on, system_socket listens, const listen_options& options);
  listener_state(const listener_state&) = delete;
  listener_state& operator=(const listener_state&) = delete;

  /// At its end the file of its path is removed, if it still is the one that is there now.
  void owns_file() noexcept;

  task<byte_stream> accept();
  void close() noexcept;
  bool is_open() const noexcept;
  bool is_accepting() const noexcept { return accepts_.load(std::memory_order_relaxed); } // relaxed: to find misuse
  const network_address& bound_to() const noexcept { return bound_to_; }
  listener_statistics statistics() const noexcept;

  /// "listener #3 on 127.0.0.1:80 (2 of 1000 open)"
  std::string describe() const override;
  std::uint64_t number() const noexcept override { return number_; }

private:
  class accept_wait;
  struct accepted {
    enum class state : std::uint8_t { made, waits, short_of };
    system_socket socket;
    network_address peer;
    state how = state::waits;
    std::error_code shortage = {}; ///< Where it is short of descriptors or memory.
  };

  accepted accept_now();
  void note_shortage(accepted& come, const std::error_code& why) noexcept;
  std::unique_ptr<transport> made_from(executor& on, accepted& come);
  void on_change(std::uint8_t events, wakeups& woken) noexcept override;
  void connection_closed() noexcept override;
  void enter(accept_wait& wait) noexcept;
  void leave() noexcept;

  const listen_options options_;
  const std::uint64_t number_;
  const network_address bound_to_;
  bool owns_file_ = false;
  dev_t file_device_{};
  ino_t file_number_{};
  std::atomic<bool> accepts_{false};

  mutable std::mutex lock_; // guards the rest
  listener_statistics statistics_;
  fiber* waiting_ = nullptr;
  bool may_accept_ = true; // as far as is known
  bool is_closed_ = false;
  reactor& told_by_;
  system_socket socket_;
};

} // namespace troupe::detail
