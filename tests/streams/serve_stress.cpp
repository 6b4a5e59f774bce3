#include <troupe/streams/serve.hpp>

#include "certificates.hpp"
#include "line_server.hpp"

#include <tests/streams/sockets.hpp>

#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/framing.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <string>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

struct client_counts {
  std::atomic<int> answered{0}; // as they should be
  std::atomic<int> wrong{0};
  std::atomic<int> ended{0}; // by the server
};

/// Asks until the server ends the connection, or so often.
task<> asks(family of, const listener& at, const tls_client* tls, int times, client_counts& counts) {
  const std::string name = of == family::tcp ? "127.0.0.1" : "server.test";
  byte_stream over = co_await connected_to(at);
  if (tls != nullptr)
    over = co_await tls->connect(std::move(over), name);
  line_reader lines{over, 100};
  for (int i = 0; i < times; ++i) {
    const std::string text = "question " + std::to_string(i);
    try {
      co_await write_line(over, text);
    } catch (const peer_reset&) { // it has ended the connection before this came
      ++counts.ended;
      co_return;
    }
    std::optional<std::string> answer;
    try {
      answer = co_await lines.next();
    } catch (const peer_reset&) { // the same: it never read the question
    }
    if (!answer) {
      ++counts.ended;
      co_return;
    }
    ++(*answer == "re: " + text ? counts.answered : counts.wrong);
  }
  co_await over.close(1s);
}

/// The listener as `serve` takes it, which others may look at while it serves.
class shared_listener {
public:
  explicit shared_listener(listener& what) noexcept : what_(&what) {}

  task<byte_stream> accept() const { return what_->accept(); }
  void close() const noexcept { what_->close(); }

private:
  listener* what_;
};

} // namespace

TEST_CASE("a server on sockets answers many connections, with TLS and without", "[streams][ST-043][ST-044][stress]") {
  const tls_server shows{
      {.certificate_file = test_certificates().server(), .key_file = test_certificates().server_key()}};
  const tls_client trusts{{.authorities_file = test_certificates().authority()}};
  for (const family of : families)
    for (const bool encrypted : {false, true}) {
      constexpr int clients = 40, questions = 20;
      client_counts counts;
      on_sockets([&]() -> task<> {
        listener at = listening(of);
        co_await in_task_group([&](task_group& group) -> task<> {
          child<> server = group.start(serve<shared_listener, task<> (*)(byte_stream&)>, shared_listener{at}, &answers,
                                       serve_options{.tls = encrypted ? &shows : nullptr});
          co_await in_task_group([&](task_group& all) {
            for (int i = 0; i < clients; ++i)
              all.start(asks, of, std::cref(at), encrypted ? &trusts : nullptr, questions, std::ref(counts));
          });
          server.cancel();
        });
      });
      CHECK(counts.answered == clients * questions);
      CHECK(counts.wrong == 0);
      CHECK(counts.ended == 0);
    }
}

TEST_CASE("a server on sockets that is stopped under load drains, and leaves nothing", "[streams][stress]") {
  for (const family of : families)
    for (int round = 0; round < 5; ++round) {
      client_counts counts;
      on_sockets([&]() -> task<> {
        listener at = listening(of);
        co_await in_task_group([&](task_group& group) -> task<> {
          child<> server = group.start(serve<shared_listener, task<> (*)(byte_stream&)>, shared_listener{at}, &answers,
                                       serve_options{});
          co_await in_task_group([&](task_group& all) {
            for (int i = 0; i < 20; ++i)
              all.start([&]() -> task<> {
                // One that came too late is refused, or reset before it was accepted.
                static_cast<void>(co_await as_outcome(asks(of, at, nullptr, 1'000'000, counts)));
              });
            all.start([&]() -> task<> {
              co_await sleep_for(std::chrono::milliseconds{5 * round});
              server.cancel();
            });
          });
        });
      });
      CHECK(counts.wrong == 0);
    }
}
