// The ledger as a server: its actors under their supervisor, and connections of any kind of listener.

#pragma once

#include <troupe/ledger/conversation.hpp>

#include <troupe/scope/offload.hpp>
#include <troupe/streams/serve.hpp>

#include <functional>
#include <utility>

namespace troupe::ledger {

struct server_options {
  service_options service;
  connection_options connections;
  duration drain_limit = std::chrono::seconds{5}; ///< As in `serve_options`.
  const tls_server* tls = nullptr;                ///< The same.
  std::function<void()> on_serving = nullptr;     ///< Is called once, when connections are accepted.
  /// As in `serve_options`. Null: what is no error of its connection ends the server.
  std::function<void(std::exception_ptr)> on_failure = nullptr;
};

struct server_counts {
  service_counts service;
  connection_counts connections;
};

/// How many connections a listener should have: some are on their way out while others come.
constexpr std::size_t accepted_max(const connection_options& options) noexcept { return options.connections_max + 16; }

namespace detail {

/// Knows when it is closed: then the server is being drained.
template <class Acceptor>
class noted_acceptor {
public:
  noted_acceptor(Acceptor from, std::atomic<bool>& closed) : from_(std::move(from)), closed_(&closed) {}

  task<byte_stream> accept() { return from_.accept(); }
  void close() {
    *closed_ = true;
    from_.close();
  }

private:
  Acceptor from_;
  std::atomic<bool>* closed_;
};

} // namespace detail

/// Serves until it is stopped; see `serve`.
///
/// @param from     a `listener` with `accepted_max` connections, or a `pipe_listener`
/// @param options, counts  outlive it
/// @cancel   answers what is in hand, then goes on
/// @throws   `start_failed`, `escalated`, `store_error`, `error_group`
template <class Acceptor>
task<> run_server(Acceptor from, const server_options& options, server_counts& counts) {
  const auto accounts = co_await offload([&options] { return options.service.open()->read_balances().cents.size(); });
  connections all{options.connections, counts.connections};
  std::atomic<bool> draining{false};
  const instant began = this_fiber::pointer()->runs_on().time().now();
  co_await supervise(supervision(), [&](supervisor& top) -> task<> {
    service_refs refs = co_await start_service(top, options.service, counts.service);
    service_side side{std::move(refs),
                      top,
                      options.service,
                      counts.service,
                      all,
                      draining,
                      static_cast<std::int64_t>(accounts),
                      began};
    if (options.on_serving)
      options.on_serving();
    detail::noted_acceptor<Acceptor> acceptor{std::move(from), draining};
    serve_options how;
    how.drain_limit = options.drain_limit;
    how.tls = options.tls;
    how.on_failure = options.on_failure;
    co_await serve(
        std::move(acceptor), [&side](byte_stream& over) { return converse(over, side); }, std::move(how));
  });
}

} // namespace troupe::ledger
