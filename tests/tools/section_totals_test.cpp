#include <troupe/tools/section_totals.hpp>

#include <tests/catch.hpp>

#include <limits>

using namespace troupe::tools;

TEST_CASE("sections come by size, then by name, and the total has them all", "[tools]") {
  section_totals totals;
  totals.add({"a", "small", 1});
  totals.add({"b", "z-equal", 5});
  totals.add({"c", "equal", 2});
  totals.add({"d", "equal", 3});
  const auto rows = totals.by_size();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].section == "equal");
  CHECK(rows[0].packages == 2);
  CHECK(rows[0].installed_kib == 5);
  CHECK(rows[1].section == "z-equal");
  CHECK(rows[2].section == "small");
  CHECK(totals.total().packages == 4);
  CHECK(totals.total().installed_kib == 11);
}

TEST_CASE("no sections have a total of nothing", "[tools]") {
  CHECK(section_totals{}.by_size().empty());
  CHECK(section_totals{}.total().packages == 0);
}

TEST_CASE("sizes saturate", "[tools]") {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  section_totals totals;
  totals.add({"a", "x", most});
  totals.add({"b", "x", 1});
  totals.add({"c", "y", most});
  CHECK(totals.by_size()[0].installed_kib == most);
  CHECK(totals.total().installed_kib == most);
}

TEST_CASE("an input with endless sections takes a bounded number of rows and loses no package", "[tools]") {
  section_totals totals;
  for (std::size_t i = 0; i < 3 * section_totals::sections_max; ++i)
    totals.add({"p", "section" + std::to_string(i), 1});
  CHECK(totals.by_size().size() == section_totals::sections_max + 1);
  CHECK(totals.by_size().front().section == "(other sections)");
  CHECK(totals.total().packages == 3 * section_totals::sections_max);
}
