#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/offload.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/streams/reactor.hpp>
#include <troupe/streams/socket.hpp>
#include <troupe/streams/socket_transport.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace troupe {

namespace {

using detail::connection_made;
using detail::network_address;
using detail::socket_transport;

using connected = std::unique_ptr<detail::transport>;

/// Blocks.
std::vector<network_address> looked_up(const std::string& host, std::uint16_t port) {
  std::string why;
  std::vector<network_address> all = detail::addresses_of(host, port, detail::lookup::names_too, why);
  if (all.empty())
    throw connect_error(detail::host_and_port(host, port), !why.empty() ? why : "it has no address");
  return all;
}

/// Asks the system to connect; nothing, or that it is under way, where it may go on.
std::error_code begin_connect(const detail::system_socket& from, const network_address& to) noexcept {
  if (::connect(from.descriptor(), &to.get(), to.bytes()) == 0)
    return {};
  return detail::last_error();
}

/// Null, and why, where it cannot.
task<connected> connect_to(const network_address& to, socket_options options, std::error_code& failed) {
  constexpr duration pause_max = std::chrono::milliseconds{100};
  fiber& self = co_await detail::current_fiber{};
  detail::system_socket made = detail::system_socket::open(to.family(), failed);
  if (!made)
    co_return nullptr;
  detail::send_at_once(made);
  failed = begin_connect(made, to);
  // Of a Unix socket: too many wait to be accepted, and nothing tells when there are less.
  for (duration pause = std::chrono::milliseconds{1}; failed.value() == EAGAIN && to.family() == AF_UNIX;
       pause = std::min(pause * 2, pause_max)) {
    co_await sleep_for(pause);
    failed = begin_connect(made, to);
  }
  const bool under_way = failed == std::errc::operation_in_progress;
  if (failed && !under_way)
    co_return nullptr;
  failed.clear();
  connection_made begun{std::move(made), to, false, connection_made::progress::done, options.high_water};
  if (under_way)
    begun.how = connection_made::progress::under_way;
  std::unique_ptr<socket_transport> over;
  try {
    over = std::make_unique<socket_transport>(self.runs_on(), std::move(begun));
  } catch (const std::system_error& error) {
    failed = error.code();
    co_return nullptr;
  }
  if (under_way) {
    co_await detail::transport_wait{*over, detail::readiness::to_write};
    failed = over->connect_failure();
  }
  if (failed)
    co_return nullptr;
  co_return connected{std::move(over)};
}

task<byte_stream> connect_to_any(std::vector<network_address> all, std::string where, socket_options options) {
  std::error_code failed;
  for (const network_address& each : all) {
    connected over = co_await connect_to(each, options, failed);
    if (over != nullptr)
      co_return byte_stream{std::move(over)};
  }
  throw connect_error(where, failed.message());
}

} // namespace

task<byte_stream> connect_tcp(std::string host, std::uint16_t port, socket_options options) {
  co_await checkpoint();
  fiber& self = co_await detail::current_fiber{};
  static_cast<void>(detail::reactor::of(self.runs_on())); // where there are no sockets nothing is tried
  std::string why;
  std::vector<network_address> all = detail::addresses_of(host, port, detail::lookup::numeric_only, why);
  if (all.empty())
    all = co_await offload_abandon(looked_up, host, port);
  byte_stream made = co_await connect_to_any(std::move(all), detail::host_and_port(host, port), options);
  co_return made;
}

task<byte_stream> connect_unix(std::string path, socket_options options) {
  co_await checkpoint();
  fiber& self = co_await detail::current_fiber{};
  static_cast<void>(detail::reactor::of(self.runs_on()));
  std::vector<network_address> one;
  try {
    one.push_back(network_address::of_path(path));
  } catch (const std::system_error& failed) {
    throw connect_error(path, failed.code().message());
  }
  byte_stream made = co_await connect_to_any(std::move(one), path, options);
  co_return made;
}

} // namespace troupe
