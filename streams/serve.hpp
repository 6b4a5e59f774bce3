// A server: each connection is a child of it, and all of them end before it does.

#pragma once

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/endless_wait.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/serving.hpp>
#include <troupe/streams/tls.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace troupe {

struct serve_options {
  /// From when the server is stopped, until connections that have not ended are.
  duration drain_limit = std::chrono::seconds{5};
  /// For what a connection has not sent yet when its handler has returned, and for what the other side still sends: see
  /// `byte_stream::close`.
  duration close_limit = std::chrono::seconds{1};
  /// Where there is one, connections are encrypted. Must outlive the server.
  const tls_server* tls = nullptr;
  duration handshake_limit = std::chrono::seconds{5};
  /// Is told when a handler fails with what is no error of its connection, on the fiber of that. Where there is none,
  /// such a failure is the server's: it stops all others, and comes out of `serve`.
  std::function<void(std::exception_ptr)> on_failure = nullptr;
  /// Is told when a connection ends by an error of its own, such as a reset, a limit in its handler or a handshake that
  /// fails: which ("socket #4 from 127.0.0.1:80") and why, on the fiber of that. Where there is none, nobody is told.
  std::function<void(const std::string& connection, std::exception_ptr)> on_connection_error = nullptr;
};

namespace detail {

template <class Acceptor>
task<> close_when_stopped(Acceptor& from) {
  const closes_at_the_end after{from};
  co_await endless_wait{fiber::wait_kind::daemon, "serve"};
}

template <class Handler>
task<> handle(byte_stream& over, Handler& handler, serving& of, const serve_options& options) {
  if (options.tls != nullptr) {
    byte_stream encrypted = co_await fail_after(options.handshake_limit, options.tls->accept(std::move(over)));
    over = std::move(encrypted);
  }
  const serving::connection mine{of, over};
  co_await handler(over);
}

template <class Handler>
task<> serve_one(byte_stream over, Handler handler, serving& of, const serve_options& options, sender<int>) {
  std::string name;
  if (options.on_connection_error)
    name = over.name(); // now: a handshake that fails leaves nothing of it
  const outcome<> ended = co_await as_outcome(handle(over, handler, of, options));
  co_await over.close(options.close_limit);
  if (!ended.has_error())
    co_return;
  if (is_about_connection(ended.error())) {
    if (options.on_connection_error)
      options.on_connection_error(name, ended.error());
    co_return;
  }
  if (!options.on_failure)
    std::rethrow_exception(ended.error());
  options.on_failure(ended.error());
}

template <class Acceptor, class Handler>
task<> serve_until_closed(Acceptor& from, const Handler& handler, const serve_options& options) {
  serving all;
  co_await in_task_group([&](task_group& connections) -> task<> {
    for (;;) {
      std::optional<byte_stream> next;
      try {
        next.emplace(co_await from.accept());
      } catch (const stream_closed&) {
        break;
      }
      connections.start(serve_one<Handler>, std::move(*next), handler, std::ref(all), std::cref(options), all.alive());
    }
    const bool in_time = co_await move_on_after(options.drain_limit, all.drain());
    if (!in_time)
      connections.cancel();
  });
}

} // namespace detail

/// Serves connections until it is stopped: each is a child with a copy of `handler`, which is called with the stream.
///
/// *A handler* returns when the connection is over. The stream is the server's, and must not be moved from: it is closed
/// then, and what was written is sent. What the handler throws ends its connection; see `serve_options::on_failure`.
///
/// *Who does not read* suspends its own handler, in a write, and nobody else. A limit around that write is how long this
/// lasts: `fail_after(10s, write_line(over, news))` ends the connection of one who has not taken a line by then, and
/// `serve_options::on_connection_error` is told. What is long is best written in parts, each with its limit.
///
/// *To stop it is to drain it.* A cancel, SIGTERM among them, closes the listener; then each connection reads its end
/// (`byte_stream::end_reading`), so a handler that waits for the next request returns, and one that is in the middle of
/// a request answers it first. Connections that have not ended when `drain_limit` has passed are cancelled: they are reset.
/// (The second SIGTERM ends a program at once: see `runtime`.)
///
/// How many connections there are is limited by the listener.
///
/// @param from     a `listener`, or a `pipe_listener`; closed at the end
/// @param handler  `task<>(byte_stream&)`
/// @suspends until it is stopped, or the listener is closed
/// @cancel   drains, and then goes on
/// @throws   `error_group`: `listen_error`, what a handler throws
template <class Acceptor, class Handler>
task<> serve(Acceptor from, Handler handler, serve_options options = {}) {
  const detail::closes_at_the_end<Acceptor> closes{from}; // also where it is stopped before anything has begun
  co_await in_task_group([&](task_group& group) -> task<> {
    const child<> closer = group.start(detail::close_when_stopped<Acceptor>, std::ref(from));
    co_await shield(duration::max(), detail::serve_until_closed(from, handler, options));
    closer.cancel();
  });
}

} // namespace troupe
