#include <troupe/scope/assert.hpp>
#include <troupe/streams/listener_state.hpp>
#include <troupe/streams/socket.hpp>

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace troupe {

namespace {

using detail::listener_state;
using detail::network_address;
using detail::system_socket;

executor& executor_of_listener() noexcept {
  const fiber* const by = this_fiber::pointer();
  TROUPE_ASSERT(by != nullptr, "a listener was made outside of any fiber: it belongs to the executor of one");
  return by->runs_on();
}

/// A socket that nobody listens on is no use to anybody.
bool is_stale(const network_address& at) noexcept {
  struct stat file {};
  if (::lstat(at.host().c_str(), &file) != 0 || !S_ISSOCK(file.st_mode))
    return false;
  std::error_code failed;
  const system_socket probe = system_socket::open(AF_UNIX, failed);
  return probe && ::connect(probe.descriptor(), &at.get(), at.bytes()) != 0 && errno == ECONNREFUSED;
}

void bind_to(const system_socket& bound, const network_address& at) {
  const int yes = 1;
  if (at.family() != AF_UNIX)
    ::setsockopt(bound.descriptor(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(bound.descriptor(), &at.get(), at.bytes()) == 0)
    return;
  const std::error_code failed = detail::last_error();
  if (failed == std::errc::address_in_use && at.family() == AF_UNIX && is_stale(at)) {
    ::unlink(at.host().c_str());
    if (::bind(bound.descriptor(), &at.get(), at.bytes()) == 0)
      return;
  }
  throw std::system_error(failed);
}

std::shared_ptr<listener_state> listening_on(executor& on, const network_address& at, const listen_options& options) {
  std::error_code failed;
  system_socket made = system_socket::open(at.family(), failed);
  if (!made)
    throw std::system_error(failed);
  bind_to(made, at);
  if (::listen(made.descriptor(), options.backlog) != 0)
    throw std::system_error(detail::last_error());
  return std::make_shared<listener_state>(on, std::move(made), options);
}

} // namespace

listener::listener(std::shared_ptr<detail::listener_state> state) noexcept : state_(std::move(state)) {}
listener::listener(listener&&) noexcept = default;
listener& listener::operator=(listener&& other) noexcept {
  listener gone{std::exchange(state_, std::move(other.state_))};
  return *this;
}
listener::~listener() {
  if (state_ == nullptr)
    return;
  TROUPE_ASSERT(!state_->is_accepting(),
                "a listener was destroyed while a fiber accepted from it: close it, and let the fiber end before that");
  state_->close();
}

task<byte_stream> listener::accept() { return state_->accept(); }
void listener::close() noexcept { state_->close(); }
bool listener::is_open() const noexcept { return state_->is_open(); }
std::uint16_t listener::port() const noexcept { return state_->bound_to().port(); }
std::string listener::address() const { return state_->bound_to().host(); }
listener_statistics listener::statistics() const noexcept { return state_->statistics(); }

listener listen_tcp(const std::string& address, std::uint16_t port, const listen_options& options) {
  executor& on = executor_of_listener();
  static_cast<void>(detail::reactor::of(on)); // where there are no sockets nothing is tried
  std::string why;
  const auto all = detail::addresses_of(address, port, detail::lookup::numeric_only, why);
  if (all.empty())
    throw listen_error("listen", detail::host_and_port(address, port), "\"" + address + "\" is no numeric address");
  try {
    return listener{listening_on(on, all.front(), options)};
  } catch (const std::system_error& failed) {
    throw listen_error("listen", detail::host_and_port(address, port), failed.code().message());
  }
}

listener listen_unix(const std::string& path, const listen_options& options) {
  executor& on = executor_of_listener();
  static_cast<void>(detail::reactor::of(on));
  try {
    auto state = listening_on(on, network_address::of_path(path), options);
    state->owns_file();
    return listener{std::move(state)};
  } catch (const std::system_error& failed) {
    throw listen_error("listen", path, failed.code().message());
  }
}

} // namespace troupe
