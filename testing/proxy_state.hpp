// What the connections of a fault proxy share: its faults, and who hears of a change of them.

#pragma once

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/streams/byte_stream.hpp>
#include <troupe/streams/socket.hpp>
#include <troupe/testing/fault_proxy.hpp>

#include <array>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace troupe::detail {

class proxy_state {
public:
  proxy_state(std::string host, std::uint16_t port, const proxy_options& options)
      : target_host(std::move(host)), target_port(port),
        at(listen_tcp("127.0.0.1", options.port, {.connections_max = options.connections_max, .socket = {high_water}})),
        faults_{checked(options.to_target), checked(options.to_client)} {
    renew();
  }

  /// The proxy keeps hardly any bytes itself: a wait until a stream is writable is one until all of it is sent.
  static constexpr std::size_t high_water = 1;

  proxy_faults faults(proxy_direction of) const {
    const std::lock_guard held{lock_};
    return faults_[static_cast<std::size_t>(of)];
  }
  /// With them, what closes when any of them changes.
  std::pair<proxy_faults, receiver<int>> faults_until_changed(proxy_direction of) const {
    const std::lock_guard held{lock_};
    return {faults_[static_cast<std::size_t>(of)], *changed_};
  }
  void set(proxy_direction of, const proxy_faults& faults) {
    std::optional<sender<int>> goes; // and wakes who waits, without our lock
    const std::lock_guard held{lock_};
    faults_[static_cast<std::size_t>(of)] = checked(faults);
    goes = std::move(not_changed_);
    renew();
  }

  /// A connection that lives as long as this.
  class connection {
  public:
    connection(proxy_state& of, byte_stream from_client, byte_stream to_target)
        : client(std::move(from_client)), target(std::move(to_target)), of_(of) {
      const std::lock_guard held{of.lock_};
      at_ = of.open_.insert(of.open_.end(), this);
    }
    ~connection() {
      const std::lock_guard held{of_.lock_};
      of_.open_.erase(at_);
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void reset() noexcept {
      client.abort();
      target.abort();
    }

    byte_stream client;
    byte_stream target;

  private:
    proxy_state& of_;
    std::list<connection*>::iterator at_;
  };

  void reset_connections() {
    const std::lock_guard held{lock_};
    for (connection* const each : open_)
      each->reset();
  }

  void note_unreachable() {
    const std::lock_guard held{lock_};
    ++counted_.unreachable;
  }
  void note_passed(proxy_direction which, std::uint64_t bytes) {
    const std::lock_guard held{lock_};
    (which == proxy_direction::to_target ? counted_.bytes_to_target : counted_.bytes_to_client) += bytes;
  }
  proxy_statistics statistics() const {
    const listener_statistics accepted = at.statistics();
    const std::lock_guard held{lock_};
    proxy_statistics all = counted_;
    all.connections = accepted.accepted;
    all.open = accepted.open;
    return all;
  }

  const std::string target_host;
  const std::uint16_t target_port;
  listener at;

private:
  static const proxy_faults& checked(const proxy_faults& given) {
    TROUPE_ASSERT(given.at_once_max != 0, "proxy_faults::at_once_max of 0 passes nothing on: for that, stalls_at is 0");
    return given;
  }
  void renew() {
    const mailbox<int> next{capacity{1}}; // nobody sends: it closes when its sender goes
    changed_ = next.receiver();
    not_changed_ = next.sender();
  }

  mutable std::mutex lock_; // guards the rest
  std::array<proxy_faults, 2> faults_;
  std::optional<receiver<int>> changed_;
  std::optional<sender<int>> not_changed_;
  std::list<connection*> open_;
  proxy_statistics counted_;
};

} // namespace troupe::detail
