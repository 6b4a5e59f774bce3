// Boost.Asio's C++20 coroutines. The bound is the channel's own: a send waits while 100 items are in it.
//
//   asio  WORKLOAD N     two threads run one io_context; concurrent_channel; each coroutine has a strand of its own
//   asio  WORKLOAD N 1   the peer asio1: one thread, and the channel that is not synchronised
//
//   pipeline chain fanin pingpong ring spawn idle

#include "peer.hpp"

#include <boost/asio.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

template <class T = void>
using task = asio::awaitable<T>;
constexpr auto or_throw = asio::use_awaitable;
constexpr auto or_error = asio::as_tuple(asio::use_awaitable);

constexpr int64_t stop = -1; // what follows a producer's last item

std::atomic<int64_t> count{0}, sum{0};

void add(int64_t value) {
  ++count;
  sum += value;
}

/// The coroutines of the workloads, for one kind of channel.
template <class Channel>
class actors {
public:
  using channel = std::shared_ptr<Channel>;

  explicit actors(asio::io_context& context) : context_(context) {}

  void pipeline(int64_t n) {
    auto queue = make();
    for (int k = 0; k < peer::consumer_count; ++k)
      consume(queue, 1);
    produce(queue, 0, n, peer::consumer_count);
  }

  void chain(int64_t n) {
    auto in = make();
    produce(in, 0, n, 1);
    for (int k = 0; k < peer::stage_count; ++k) {
      auto out = make();
      start([in, out]() -> task<> {
        for (int64_t value = 0; value != stop;) {
          value = co_await in->async_receive(or_throw);
          co_await out->async_send(error_code{}, value, or_throw);
        }
      });
      in = out;
    }
    consume(in, 1);
  }

  void fanin(int64_t n) {
    const int64_t part = n / peer::producer_count;
    auto queue = make();
    for (int k = 0; k < peer::producer_count; ++k)
      produce(queue, k * part, (k + 1) * part, 1);
    consume(queue, peer::producer_count);
  }

  void pingpong(int64_t n) {
    auto there = make(), back = make();
    start([there, back]() -> task<> {
      for (;;) {
        auto received = co_await there->async_receive(or_error);
        if (std::get<0>(received))
          co_return; // closed
        co_await back->async_send(error_code{}, std::get<1>(received), or_throw);
      }
    });
    start([there, back, n]() -> task<> {
      for (int64_t i = 0; i < n; ++i) {
        co_await there->async_send(error_code{}, i, or_throw);
        add(co_await back->async_receive(or_throw));
      }
      there->close();
    });
  }

  /// The coroutines only; `pass_token` gives the first of them the token.
  void ring() {
    nodes_.resize(peer::ring_size);
    for (auto& node : nodes_)
      node = make();
    for (size_t k = 0; k < nodes_.size(); ++k)
      start([this, k, in = nodes_[k], out = nodes_[(k + 1) % nodes_.size()]]() -> task<> {
        for (;;) {
          const int64_t token = co_await in->async_receive(or_throw);
          if (token == 0) {
            count = static_cast<int64_t>(k); // where the token ended
            context_.stop();
            co_return;
          }
          co_await out->async_send(error_code{}, token - 1, or_throw);
        }
      });
  }
  void pass_token(int64_t n) { nodes_[0]->try_send(error_code{}, n); }

  void spawn(int64_t n) {
    start([this, n]() -> task<> {
      for (int64_t i = 0; i < n; ++i) {
        auto inbox = make();
        one_shot(inbox);
        co_await inbox->async_send(error_code{}, i, or_throw);
      }
    });
  }

  void idle(int64_t n) {
    nodes_.reserve(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i)
      one_shot(nodes_.emplace_back(make()));
  }
  void end_idle() {
    for (size_t i = 0; i < nodes_.size(); ++i)
      nodes_[i]->try_send(error_code{}, static_cast<int64_t>(i));
  }

private:
  channel make() { return std::make_shared<Channel>(context_.get_executor(), peer::bound); }

  template <class Function>
  void start(Function function) {
    asio::co_spawn(asio::make_strand(context_), std::move(function), asio::detached);
  }

  void produce(channel to, int64_t from, int64_t end, int stops) {
    start([=]() -> task<> {
      for (int64_t i = from; i < end; ++i)
        co_await to->async_send(error_code{}, i, or_throw);
      for (int k = 0; k < stops; ++k)
        co_await to->async_send(error_code{}, stop, or_throw);
    });
  }

  void consume(channel from, int stops) {
    start([=]() -> task<> {
      peer::totals got;
      for (int left = stops; left > 0;) {
        const int64_t value = co_await from->async_receive(or_throw);
        if (value == stop)
          --left;
        else
          got.add(value);
      }
      count += got.count;
      sum += got.sum;
    });
  }

  void one_shot(channel inbox) {
    start([inbox]() -> task<> { add(co_await inbox->async_receive(or_throw)); });
  }

  asio::io_context& context_;
  std::vector<channel> nodes_;
};

void run_on(asio::io_context& context, int threads) {
  std::vector<std::jthread> others;
  for (int i = 1; i < threads; ++i)
    others.emplace_back([&] { context.run(); });
  context.run();
}

/// Runs everything that can run until all coroutines wait.
void settle(asio::io_context& context) {
  while (context.poll() > 0) {
  }
  context.restart();
}

template <class Channel>
[[noreturn]] void run(const peer::request& asked, int threads) {
  asio::io_context context(threads);
  actors<Channel> all(context);
  std::string figure;
  double seconds = 0;
  if (asked.workload == "idle") {
    const int64_t kb_before = peer::status_kb("VmRSS");
    const double began = peer::now();
    all.idle(asked.n);
    settle(context);
    seconds = peer::now() - began;
    figure = peer::bytes_per(kb_before, asked.n);
    all.end_idle();
    run_on(context, threads);
  } else if (asked.workload == "ring") {
    all.ring();
    settle(context);
    const double began = peer::now();
    all.pass_token(asked.n);
    run_on(context, threads);
    seconds = peer::now() - began;
    peer::require(count == asked.n % peer::ring_size, "the token ended at another actor");
    count = asked.n, sum = peer::all_of(asked.n).sum; // the token counted its hops itself
  } else {
    const double began = peer::now();
    if (asked.workload == "pipeline")
      all.pipeline(asked.n);
    else if (asked.workload == "chain")
      all.chain(asked.n);
    else if (asked.workload == "fanin")
      all.fanin(asked.n);
    else if (asked.workload == "pingpong")
      all.pingpong(asked.n);
    else if (asked.workload == "spawn")
      all.spawn(asked.n);
    else
      peer::no_such_workload(asked);
    run_on(context, threads);
    seconds = peer::now() - began;
  }
  peer::verify({count, sum}, asked.n);
  peer::report(threads == 1 ? "asio1" : "asio", asked, seconds, figure);
  _exit(0); // the ring's coroutines still wait
}

} // namespace

int main(int argc, char** argv) {
  const peer::request asked = peer::read_arguments(argc, argv, " [THREADS: 1 or 2]");
  using signature = void(error_code, int64_t);
  if (argc > 3 && std::string(argv[3]) == "1")
    run<asio::experimental::channel<signature>>(asked, 1);
  run<asio::experimental::concurrent_channel<signature>>(asked, 2);
}
