// A hundred megabytes for a peer that does not read.

#include <troupe/troupe.hpp>

#include <cstdio>
#include <string>

using namespace troupe;
using namespace std::chrono_literals;

const char* in_memory(const byte_stream& stream) {
  std::size_t held = stream.statistics().bytes_unsent;
  return held <= 65'536 ? "at most 64 KiB" : "megabytes";
}

task<> send(byte_stream& stream) {
  std::string block(100'000'000, '\0');
  co_await stream.write(block); // waits while 64 KiB are unsent
}

task<> main_task() {
  listener at = listen_tcp("127.0.0.1", 0, {.connections_max = 1});
  byte_stream stream = co_await connect_tcp("127.0.0.1", at.port());
  bool in_time = co_await move_on_after(200ms, send(stream));
  if (!in_time)
    std::printf("late; unsent, in memory: %s\n", in_memory(stream));
  stream.abort();
}

int main() { return troupe::run(main_task); }

// Prints:
// late; unsent, in memory: at most 64 KiB
