// A server on a socket: each connection is a child of it. Who does not read suspends whoever writes to it; when the
// server is stopped it answers what is in hand, and ends.

#include <troupe/troupe.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

task<> greets(byte_stream& visitor) {
  line_reader lines{visitor, 100}; // longer ones are refused
  while (auto name = co_await lines.next())
    co_await write_line(visitor, "hello, " + *name); // waits while the visitor does not read
}

task<> receives(listener at) { co_await serve(std::move(at), greets, {.drain_limit = 5s}); }

task<> visits(std::uint16_t port, std::string name) {
  byte_stream server = co_await connect_tcp("127.0.0.1", port);
  co_await write_line(server, name);
  line_reader lines{server, 100};
  const std::optional<std::string> answer = co_await lines.next();
  fmt::print("{}\n", answer.value_or("nothing"));
  co_await server.close(1s); // what was written is sent within a second, or counted as lost
}

task<> main_task() {
  listener at = listen_tcp("127.0.0.1", 0, {.connections_max = 100});
  const std::uint16_t port = at.port();
  co_await in_task_group([&](task_group& group) -> task<> {
    child<> server = group.start(receives, std::move(at));
    co_await fail_after(2s, visits(port, "alice"));
    co_await fail_after(2s, visits(port, "bob"));
    server.cancel(); // as SIGTERM does with all of the program
  });
  fmt::print("nobody is left\n");
}

} // namespace

int main() { return troupe::run(main_task); }

// Prints:
// hello, alice
// hello, bob
// nobody is left
