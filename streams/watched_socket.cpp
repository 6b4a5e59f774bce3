#include <troupe/scope/assert.hpp>
#include <troupe/streams/watched_socket.hpp>

#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>

#include <new>
#include <optional>
#include <utility>

namespace troupe::detail {

namespace {

using asio_socket = asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

/// Where Asio puts what it keeps of one wait: so a wait costs no allocation. Asio gives it back before it tells the
/// handler.
class wait_memory {
public:
  void* take(std::size_t bytes) {
    if (is_taken_ || bytes > sizeof bytes_)
      return ::operator new(bytes);
    is_taken_ = true;
    return bytes_;
  }
  void give_back(void* from) noexcept {
    if (from != bytes_)
      return ::operator delete(from);
    is_taken_ = false;
  }

private:
  alignas(std::max_align_t) std::byte bytes_[192]; // Asio 1.22 takes 96
  bool is_taken_ = false;
};

template <class T>
class wait_allocator {
public:
  using value_type = T;

  explicit wait_allocator(wait_memory& from) noexcept : from_(&from) {}
  template <class U>
  wait_allocator(const wait_allocator<U>& other) noexcept : from_(other.from()) {}

  T* allocate(std::size_t count) { return static_cast<T*>(from_->take(count * sizeof(T))); }
  void deallocate(T* given, std::size_t) noexcept { from_->give_back(given); }
  wait_memory* from() const noexcept { return from_; }
  template <class U>
  bool operator==(const wait_allocator<U>& other) const noexcept {
    return from_ == other.from();
  }

private:
  wait_memory* from_;
};

/// What Asio calls.
class tells {
public:
  using allocator_type = wait_allocator<void>;

  tells(std::shared_ptr<watched_socket::watcher> told, watched_socket::until what, wait_memory& memory) noexcept
      : told_(std::move(told)), what_(what), memory_(&memory) {}

  allocator_type get_allocator() const noexcept { return allocator_type{*memory_}; }
  void operator()(const std::error_code&) const noexcept { told_->is_ready(what_); }

private:
  std::shared_ptr<watched_socket::watcher> told_; // which has the socket, and so the memory
  watched_socket::until what_;
  wait_memory* memory_;
};

/// Asio's own category of the system's errors does not compare with `std::errc`.
void be_of_system(std::error_code& failed) noexcept {
  if (failed)
    failed.assign(failed.value(), std::system_category());
}

bool was_interrupted(const std::error_code& failed) noexcept { return failed == asio::error::interrupted; }

} // namespace

struct watched_socket::asio_side {
  std::optional<asio_socket> socket; // gone once it is closed: it must not outlive the reactor
  wait_memory memory[2];             // for each thing that is waited for
};

watched_socket::watched_socket(reactor& by, system_socket of)
    : by_(by), descriptor_(of.descriptor()), asio_(std::make_unique<asio_side>()) {
  asio_->socket.emplace(by.context());
  asio_->socket->assign(asio::generic::stream_protocol{of.family(), 0}, descriptor_);
  of.release();
  asio_->socket->non_blocking(true);
  by_.note_open(1);
}

watched_socket::~watched_socket() { close(false); }

void watched_socket::watch(until what, std::shared_ptr<watcher> told) noexcept {
  // Asio arms an edge-triggered epoll anew for each such wait, and that looks at what is there already.
  asio_->socket->async_wait(what == until::readable ? asio_socket::wait_read : asio_socket::wait_write,
                            tells{std::move(told), what, asio_->memory[static_cast<std::size_t>(what)]});
}

std::size_t watched_socket::receive(std::span<std::byte> to, std::error_code& failed) noexcept {
  std::size_t came = 0;
  do
    came = asio_->socket->read_some(asio::buffer(to.data(), to.size()), failed);
  while (was_interrupted(failed));
  if (failed == asio::error::eof)
    failed.clear();
  be_of_system(failed);
  return came;
}

// Without SIGPIPE: Asio passes MSG_NOSIGNAL.
std::size_t watched_socket::send(std::span<const std::byte> from, std::error_code& failed) noexcept {
  std::size_t went = 0;
  do
    went = asio_->socket->write_some(asio::buffer(from.data(), from.size()), failed);
  while (was_interrupted(failed));
  be_of_system(failed);
  return went;
}

void watched_socket::end_sending() noexcept {
  std::error_code unused; // the connection may be gone
  static_cast<void>(asio_->socket->shutdown(asio_socket::shutdown_send, unused));
}

void watched_socket::close(bool resets) noexcept {
  if (!asio_->socket)
    return;
  std::error_code unused;
  if (resets)
    static_cast<void>(asio_->socket->set_option(asio_socket::linger{true, 0}, unused));
  static_cast<void>(asio_->socket->close(unused));
  asio_->socket.reset();
  descriptor_ = -1;
  by_.note_open(-1);
}

} // namespace troupe::detail
