// Somebody on the way changes what goes over TLS, as libFuzzer wants it: nothing that was changed is taken for what was
// written, and nobody crashes. Where nothing was changed the message comes, and no limit is needed for that.

#include <tests/streams/certificates.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/simulator.hpp>
#include <troupe/streams/pipe_pair.hpp>
#include <troupe/streams/tls.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <utility>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

const std::string message = "what is written, and nothing else";

/// Three bytes each: where, and what is done there.
class changes {
public:
  explicit changes(std::span<const std::uint8_t> from) : from_(from) {}

  /// The bytes at this place as they are passed on.
  void apply(std::size_t at, std::string& bytes) const {
    for (std::size_t i = 0; i + 3 <= from_.size(); i += 3) {
      const std::size_t where = from_[i] * 16U + (from_[i + 1] & 15U);
      if (where < at || where >= at + bytes.size())
        continue;
      const std::size_t here = where - at;
      switch (from_[i + 1] >> 4U & 3U) {
      case 0:
        bytes[here] = static_cast<char>(bytes[here] ^ from_[i + 2]);
        break;
      case 1:
        bytes.erase(here, 1 + from_[i + 2] % 8);
        break;
      case 2:
        bytes.insert(here, 1 + from_[i + 2] % 8, static_cast<char>(from_[i + 2]));
        break;
      default:
        bytes.resize(here);
        break;
      }
    }
  }

private:
  std::span<const std::uint8_t> from_;
};

/// What has come of a run.
struct books {
  std::string come;
  bool was_changed = false;
  bool was_late = false;
};

task<> relay(byte_stream& from, byte_stream& to, const changes& what, books& of) {
  std::array<std::byte, 4'096> some{};
  std::size_t at = 0;
  for (;;) {
    const std::size_t come = co_await from.read_some(some);
    if (come == 0)
      break;
    const std::string as_it_was{reinterpret_cast<const char*>(some.data()), come};
    std::string bytes = as_it_was;
    what.apply(at, bytes);
    of.was_changed = of.was_changed || bytes != as_it_was;
    at += come;
    co_await to.write(bytes);
  }
  to.shutdown_write();
}

task<> passes(task<> side, byte_stream& a, byte_stream& b) {
  static_cast<void>(co_await as_outcome(std::move(side)));
  if (a.is_open() && !a.at_end())
    b.abort();
}

task<> client(const tls_client& with, byte_stream over) {
  byte_stream made = co_await with.connect(std::move(over), "server.test");
  co_await made.write(message);
  co_await made.close(1s);
}

task<> server(const tls_server& with, byte_stream over, books& of) {
  byte_stream made = co_await with.accept(std::move(over));
  of.come = co_await made.read_to_end(1'000);
}

task<> whatever_comes(task<> of, books& told) {
  outcome<bool> ended = co_await as_outcome(move_on_after(10s, std::move(of)));
  if (ended.has_value() && !ended.value())
    told.was_late = true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tls_client trusts{{.authorities_file = test_certificates().authority()}};
  static const tls_server shows{
      {.certificate_file = test_certificates().server(), .key_file = test_certificates().server_key()}};
  const std::span<const std::uint8_t> all{data, size};
  const changes there{all.first(size / 2)}, back{all.subspan(size / 2)};
  books told;
  simulator simulated{{.seed = size}};
  const auto run = [&]() -> task<> {
    stream_pair near = pipe_pair(), far = pipe_pair();
    co_await in_task_group([&](task_group& group) {
      group.start(whatever_comes, client(trusts, std::move(near.first)), std::ref(told));
      group.start(whatever_comes, server(shows, std::move(far.second), told), std::ref(told));
      group.start(whatever_comes, passes(relay(near.second, far.first, there, told), near.second, far.first),
                  std::ref(told));
      group.start(whatever_comes, passes(relay(far.first, near.second, back, told), far.first, near.second),
                  std::ref(told));
    });
  };
  simulated.run(run).value();
  const bool is_whole = told.come == message;
  if (told.was_changed ? is_whole || told.come.empty() : is_whole && !told.was_late)
    return 0;
  fmt::print(stderr, "the server has taken \"{}\" for what was written{}{}\n", told.come,
             told.was_changed ? "" : ", of which nothing was changed",
             told.was_late ? ", and a limit has ended it" : "");
  std::abort();
}
