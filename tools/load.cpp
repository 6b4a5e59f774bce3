#include <troupe/program/human_text.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/simulation/random.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/socket.hpp>
#include <troupe/streams/system_socket.hpp>
#include <troupe/streams/tls.hpp>
#include <troupe/tools/acknowledged_file.hpp>
#include <troupe/tools/load.hpp>
#include <troupe/tools/ticker.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

namespace troupe::tools {

namespace {

constexpr duration connect_limit = std::chrono::seconds{5};
constexpr duration reconnect_pause = std::chrono::milliseconds{20};
constexpr duration retry_pause_min = std::chrono::milliseconds{1};
constexpr duration close_limit = std::chrono::seconds{1};
constexpr duration progress_pause = std::chrono::milliseconds{100};
/// For an answer to arrive that was given at the deadline.
constexpr duration answer_grace = std::chrono::milliseconds{100};
constexpr std::int64_t amount_max = 100;

std::string place_of(const load_options& options) { return detail::host_and_port(options.host, options.port); }

instant now() noexcept { return this_fiber::pointer()->runs_on().time().now(); }

/// What all connections of a run share.
struct shared_by_all {
  explicit shared_by_all(load_run& of) : run(of), acknowledged(of.options.acknowledged_file) {
    if (!of.options.authorities_file.empty())
      encrypted.emplace(tls_client_options{.authorities_file = of.options.authorities_file});
  }

  load_run& run;
  std::optional<tls_client> encrypted;
  acknowledged_file acknowledged;
  std::atomic<std::uint64_t> next{0}; // of the requests that the clock begins
};

/// One connection, and the requests over it, one at a time.
class asker {
public:
  asker(shared_by_all& all, std::size_t number)
      : all_(all), number_(number), random_(all.run.options.seed * 1'000'003 + number) {}

  task<> connect() {
    drop();
    byte_stream made = co_await begin_connect();
    if (all_.encrypted) {
      byte_stream encrypted = co_await all_.encrypted->connect(std::move(made), all_.run.options.host);
      made = std::move(encrypted);
    }
    over_.emplace(std::move(made));
    lines_.emplace(*over_, answer_bytes_max);
  }

  task<> asks_on() {
    const load_options& options = all_.run.options;
    const instant end = saturated(all_.run.begun, options.lasts);
    for (;;) {
      instant due = now();
      if (options.rate != 0) {
        const std::uint64_t place =
            all_.next.fetch_add(1, std::memory_order_relaxed); // relaxed: only that each has one
        due = all_.run.begun + std::chrono::duration_cast<duration>(std::chrono::duration<double>(
                                   static_cast<double>(place) / static_cast<double>(options.rate)));
        if (due < end)
          co_await sleep_until(due);
      }
      if (due >= end)
        break;
      co_await asks(due);
    }
    if (over_)
      co_await over_->close(close_limit);
  }

private:
  task<byte_stream> begin_connect() const {
    const load_run& run = all_.run;
    return run.connects ? run.connects() : connect_tcp(run.options.host, run.options.port);
  }

  task<> asks(instant due) {
    const instant deadline = saturated(due, all_.run.options.deadline);
    transfer_request request = next_request();
    told_ = {{}, request_end::not_sent};
    if (now() < saturated(due, all_.run.options.deadline / 2)) { // one that has less left measures only our own queue
      told_.what = request_end::no_connection;
      const bool in_time = co_await move_on_at(saturated(deadline, answer_grace), tries(request, deadline));
      static_cast<void>(in_time); // else what it was told last holds
    }
    if (told_.what == request_end::committed)
      all_.acknowledged.add(request, told_.transfer);
    note(now() - due);
  }

  task<> tries(const transfer_request& request, instant deadline) {
    for (unsigned tried = 0;; ++tried) {
      co_await be_connected();
      const bool answered = co_await ask(request, deadline);
      if (!answered) {
        told_.what = request_end::connection_lost;
        const std::lock_guard held{all_.run.lock};
        ++all_.run.counts.connections_lost;
      }
      const bool may_help = !answered || told_.what == request_end::overloaded || told_.what == request_end::in_doubt;
      if (!may_help || tried >= all_.run.options.retries)
        co_return;
      co_await sleep_for(std::max(told_.retry_after, retry_pause_min));
      const std::lock_guard held{all_.run.lock};
      ++all_.run.counts.retries;
    }
  }

  task<> be_connected() {
    while (!over_ || !over_->is_open()) {
      const auto made = co_await as_outcome(connect());
      if (made.has_value())
        break;
      note_unreachable(message_of(made.error()));
      co_await sleep_for(reconnect_pause);
    }
  }

  /// False: the connection is lost.
  task<bool> ask(const transfer_request& request, instant deadline) {
    told_ = {{}, request_end::no_answer};
    const std::uint64_t id = ++last_id_;
    const std::string line = line_of(request, id, deadline - now());
    try {
      co_await write_line(*over_, line);
      for (;;) {
        const std::optional<std::string> text = co_await lines_->next();
        if (!text)
          break;
        const std::optional<transfer_answer> answer = read_answer(*text);
        if (!answer)
          throw no_ledger(fmt::format("{} is no ledger: it answers {}", place_of(all_.run.options), printable(*text)));
        if (answer->id && *answer->id != id)
          continue; // of a request that was given up
        told_ = *answer;
        co_return true;
      }
    } catch (const stream_error&) {
    }
    drop();
    co_return false;
  }

  void drop() noexcept {
    lines_.reset();
    over_.reset();
  }

  transfer_request next_request() {
    const std::uint64_t accounts = all_.run.options.accounts;
    const std::uint64_t from = random_.below(accounts);
    const std::uint64_t to = (from + 1 + random_.below(accounts - 1)) % accounts; // another one
    return {fmt::format("{}-{}-{}", all_.run.key_prefix, number_, ++requests_), from, to,
            1 + static_cast<std::int64_t>(random_.below(amount_max))};
  }

  void note(duration took) {
    const std::lock_guard held{all_.run.lock};
    load_counts& counts = all_.run.counts;
    ++counts.of[static_cast<std::size_t>(told_.what)];
    if (told_.what == request_end::committed) {
      counts.repeated += told_.repeated ? 1 : 0;
      counts.committed.add(took);
    } else if (is_answer(told_.what)) {
      counts.answered_otherwise.add(took);
    }
    if (told_.what == request_end::refused && counts.refused_as.empty())
      counts.refused_as = printable(told_.error + ": " + told_.message);
  }

  void note_unreachable(std::string why) {
    const std::lock_guard held{all_.run.lock};
    all_.run.counts.unreachable_by = std::move(why);
  }

  shared_by_all& all_;
  const std::size_t number_;
  seeded_random random_;
  std::uint64_t requests_ = 0;
  std::uint64_t last_id_ = 0; // of all tries
  std::optional<byte_stream> over_;
  std::optional<line_reader> lines_;
  transfer_answer told_{{}, request_end::not_sent}; // of the request in hand
};

task<> connect_in_time(asker& which, const load_options& options) {
  const bool in_time = co_await move_on_after(connect_limit, which.connect());
  if (!in_time)
    throw connect_error(place_of(options), "no answer within " + human_duration(connect_limit));
}

task<> asks_on(asker& which) { co_await which.asks_on(); }

} // namespace

std::uint64_t load_counts::requests() const noexcept { return std::accumulate(of.begin(), of.end(), std::uint64_t{0}); }
std::uint64_t load_counts::answered() const noexcept {
  return std::accumulate(of.begin(), of.begin() + static_cast<std::size_t>(request_end::refused) + 1, std::uint64_t{0});
}

task<> load(load_run& run) {
  shared_by_all all{run};
  std::vector<std::unique_ptr<asker>> askers;
  for (std::size_t i = 0; i < run.options.connections; ++i) {
    askers.push_back(std::make_unique<asker>(all, i + 1));
    co_await connect_in_time(*askers.back(), run.options);
  }
  run.begun = now();
  co_await in_task_group([&](task_group& group) -> task<> {
    const auto look = [&run](instant at) {
      run.unwanted = run.listener && !run.listener(run, at);
      return !run.unwanted;
    };
    const auto shown = group.start({.name = "progress"}, tick, progress_pause, look, std::ref(group));
    co_await in_task_group([&](task_group& clients) {
      for (const auto& each : askers)
        clients.start({.name = "connection"}, asks_on, std::ref(*each));
    });
    shown.cancel();
  });
}

} // namespace troupe::tools
