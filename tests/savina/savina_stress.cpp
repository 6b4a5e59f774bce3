#include <tests/savina/programs.hpp>

#include <troupe/scope/thread_pool_executor.hpp>

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::savina;

TEST_CASE("every program of the Savina suite finds nothing wrong on two to four threads", "[savina][stress]") {
  for (const std::size_t threads : {2U, 3U, 4U}) {
    thread_pool_executor pool{threads};
    for (const program& each : programs())
      for (const std::size_t capacity : {std::size_t{1}, setting{}.capacity}) {
        INFO(each.id << ", " << each.name << ", " << threads << " threads, capacity " << capacity);
        outcome<findings> ended = pool.run(each.run, scale::medium, setting{.capacity = capacity, .seed = threads});
        if (ended.has_error())
          FAIL(message_of(ended.error()));
        REQUIRE(ended.has_value());
        CHECK(ended.value().text() == "");
      }
  }
}
