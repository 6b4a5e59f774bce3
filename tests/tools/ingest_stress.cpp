#include <tests/budget.hpp>
#include <tests/catch.hpp>
#include <tests/tools/ingest_fixture.hpp>

#include <troupe/scope/root.hpp>
#include <troupe/scope/steady_time.hpp>
#include <troupe/scope/thread_pool_executor.hpp>

using namespace troupe;
using namespace troupe::tests;
using namespace troupe::tools;
using namespace std::chrono_literals;

namespace {

struct threads {
  steady_time time;
  thread_pool_executor pool{time, 4};
};

} // namespace

TEST_CASE("threads count every record once", "[tools][stress]") {
  threads real;
  const sample input{300};
  for (const std::size_t at_most : {1U, 100U})
    for (const std::size_t parsers : {1U, 8U, 64U}) {
      INFO("capacity " << at_most << ", parsers " << parsers);
      const instant until = real.time.now() + stress_time(300ms);
      do {
        text_source source{input.text, 4'000};
        kept_news news;
        ingest_options options;
        options.parsers = parsers;
        options.capacity = at_most;
        options.progress_pause = 100us;
        ingest_run run{source, news, options};
        const auto top = make_root(real.pool, ingest, std::ref(run));
        top->start();
        top->wait();
        REQUIRE(top->take().has_value());
        REQUIRE(input.agrees_with(run, news.rejected_lines));
        REQUIRE(all_hold(audit(ingest_totals::of(run), true)));
      } while (real.time.now() < until);
    }
}

TEST_CASE("threads that are cancelled in the middle account for every record", "[tools][stress]") {
  threads real;
  const sample input{300};
  const instant until = real.time.now() + stress_time(1s);
  for (int round = 0; real.time.now() < until; ++round) {
    text_source source{input.text, 500};
    kept_news news;
    ingest_options options;
    options.capacity = round % 2 == 0 ? 1 : 100;
    options.progress_pause = 50us;
    ingest_run run{source, news, options};
    const auto top = make_root(real.pool, ingest, std::ref(run));
    top->start();
    top->wait_for(std::chrono::microseconds{round * 37 % 3'000});
    top->cancel();
    top->wait();
    const books audited = audit(ingest_totals::of(run), false);
    INFO(text_of(audited));
    REQUIRE(all_hold(audited));
  }
}
