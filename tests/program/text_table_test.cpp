#include <troupe/program/text_table.hpp>

#include <tests/catch.hpp>

using namespace troupe::tools;

TEST_CASE("columns are as wide as their widest cell and lines have no spaces at the end", "[tools]") {
  text_table table{{{"name"}, {"count", text_table::align::right}, {"note"}}};
  table.add({"a", "1", ""});
  table.add({"longer", "1000000", "x"});
  table.add_rule();
  table.add({"", "3", ""});
  CHECK(table.text() == "name      count  note\n"
                        "a             1\n"
                        "longer  1000000  x\n"
                        "---------------------\n"
                        "              3\n");
}

TEST_CASE("a table without titles begins with its first row", "[tools]") {
  text_table table{{{""}, {""}}};
  table.add({"a", "b"});
  CHECK(table.text() == "a  b\n");
}
