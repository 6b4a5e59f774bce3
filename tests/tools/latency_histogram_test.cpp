#include <troupe/tools/latency_histogram.hpp>

#include <tests/catch.hpp>

#include <troupe/simulation/random.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <vector>

using namespace troupe;
using namespace troupe::tools;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<latency_histogram> of(const std::vector<duration>& all) {
  auto made = std::make_unique<latency_histogram>(); // 15 KiB
  for (const duration each : all)
    made->add(each);
  return made;
}

} // namespace

TEST_CASE("an empty histogram has no quantiles and no chart", "[tools]") {
  const latency_histogram none;
  CHECK(none.count() == 0);
  CHECK((none.quantile(0.5) == 0s));
  CHECK((none.max() == 0s));
  CHECK(none.chart().empty());
}

TEST_CASE("quantiles of short durations are exact", "[tools]") {
  std::vector<duration> all;
  for (int i = 1; i <= 50; ++i)
    all.push_back(std::chrono::microseconds{i});
  const auto counted = of(all);
  CHECK(counted->count() == 50);
  CHECK((counted->quantile(0.5) == 25us));
  CHECK((counted->quantile(0.02) == 1us));
  CHECK((counted->quantile(0.021) == 2us));
  CHECK((counted->quantile(0.98) == 49us));
  CHECK((counted->quantile(1) == 50us));
  CHECK((counted->max() == 50us));
}

TEST_CASE("a quantile is that of the sorted list, never less, and at most a 32nd more", "[tools]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    seeded_random random{seed};
    std::vector<duration> all;
    const std::uint64_t some = 1 + random.below(2'000);
    for (std::uint64_t i = 0; i < some; ++i) // of any size, up to a day
      all.push_back(std::chrono::microseconds{random.below(std::uint64_t{1} << random.below(37))});
    const auto counted = of(all);
    std::sort(all.begin(), all.end());
    for (const double share : {0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(some) - 1e-9));
      const duration exact = all[std::max<std::size_t>(rank, 1) - 1];
      const duration told = counted->quantile(share);
      INFO("seed " << seed << ", share " << share);
      CHECK((told >= exact));
      CHECK((told <= exact + exact / 32));
    }
    CHECK((counted->max() == all.back()));
  }
}

TEST_CASE("the longest duration that there is, and a negative one, are counted", "[tools]") {
  const auto counted = of({duration::max(), duration::min(), -1ns, 999ns});
  CHECK(counted->count() == 4);
  CHECK((counted->quantile(0.75) == 0us));
  CHECK((counted->max() >= duration::max() - 1us));
  CHECK((counted->quantile(1) == counted->max()));
}

TEST_CASE("a chart has a line for each doubling, and shows whoever is there", "[tools]") {
  std::vector<duration> all(1'000, 100us);
  all.push_back(900us);
  const std::string text = of(all)->chart();
  INFO(text);
  CHECK(std::count(text.begin(), text.end(), '\n') == 4); // below 128, 256, 512 and 1024 us
  CHECK(text.find(std::string(40, '#')) != std::string::npos);
  CHECK(text.find("99.9 %") != std::string::npos);
  CHECK(text.find(" #  ") != std::string::npos);
}
