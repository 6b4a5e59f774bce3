#include <troupe/scope/checkpoint.hpp>
#include <troupe/tools/ingest.hpp>
#include <troupe/tools/ticker.hpp>

#include <fmt/format.h>

#include <functional>
#include <utility>
#include <vector>

namespace troupe::tools {

namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;

/// Feeds the next chunk of the input to the splitter; false: that was the end.
task<bool> refill(ingest_run& run, record_splitter& splitter, std::vector<char>& chunk) {
  outcome<std::size_t> got = co_await as_outcome(run.input.read(chunk));
  if (got.has_error()) {
    run.input_error = message_of(got.error());
    splitter.end(record::fault::cut_off);
    co_return false;
  }
  const std::size_t bytes = got.value();
  if (bytes == 0) {
    splitter.end();
    co_return false;
  }
  run.bytes_read += bytes;
  splitter.feed({chunk.data(), bytes});
  co_return true;
}

task<> read_records(ingest_run& run, sender<record> out) {
  record_splitter splitter{run.options.record_bytes_max};
  std::vector<char> chunk(chunk_bytes);
  for (bool more = true; more;) {
    more = co_await refill(run, splitter, chunk);
    while (auto next = splitter.next()) {
      ++run.records_read;
      const send_status sent = co_await out.send(std::move(*next));
      if (sent == send_status::closed)
        co_return;
    }
    co_await checkpoint(); // a chunk may hold no record's end, so nothing else would look for a cancel
  }
}

task<> parse_records(receiver<record> in, sender<parsed_record> out) {
  while (auto next = co_await in.receive()) {
    parsed_record made = parse(*next);
    const send_status sent = co_await out.send(std::move(made));
    if (sent == send_status::closed)
      co_return;
  }
}

task<> count_results(ingest_run& run, receiver<parsed_record> in) {
  while (auto next = co_await in.receive()) {
    if (const auto* const good = std::get_if<package>(&*next)) {
      ++run.parsed;
      run.sections.add(*good);
    } else {
      ++run.rejected;
      run.listener.on_rejected(std::get<rejection>(*next));
    }
  }
}

} // namespace

ingest_progress ingest_run::progress(instant now) const {
  return {now, now - begun, records_read, bytes_read, records.statistics(), results.statistics()};
}

task<> ingest(ingest_run& run) {
  run.begun = this_fiber::pointer()->runs_on().time().now();
  co_await in_task_group([&](task_group& group) -> task<> {
    group.start({.name = "reader"}, read_records, std::ref(run), run.records.sender());
    for (std::size_t i = 0; i < run.options.parsers; ++i)
      group.start({.name = fmt::format("parser {}", i)}, parse_records, run.records.receiver(), run.results.sender());
    const auto counted = group.start({.name = "aggregator"}, count_results, std::ref(run), run.results.receiver());
    const auto look = [&run](instant now) {
      run.unwanted = !run.listener.on_progress(run.progress(now));
      return !run.unwanted;
    };
    const auto shown = group.start({.name = "progress"}, tick, run.options.progress_pause, look, std::ref(group));
    co_await counted.wait_ended();
    shown.cancel();
  });
}

} // namespace troupe::tools
