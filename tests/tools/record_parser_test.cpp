#include <troupe/tools/record_parser.hpp>

#include <tests/budget.hpp>
#include <tests/catch.hpp>

#include <random>

using namespace troupe::tools;

namespace {

package good(const std::string& text) {
  const parsed_record made = parse({10, text, record::fault::none});
  INFO((std::holds_alternative<rejection>(made) ? std::get<rejection>(made).why : std::string("parsed")));
  REQUIRE(std::holds_alternative<package>(made));
  return std::get<package>(made);
}

/// "line: why"
std::string bad(const std::string& text, record::fault fault = record::fault::none) {
  const parsed_record made = parse({10, text, fault});
  REQUIRE(std::holds_alternative<rejection>(made));
  const rejection& rejected = std::get<rejection>(made);
  return std::to_string(rejected.line) + ": " + rejected.why;
}

} // namespace

TEST_CASE("a record gives name, section and installed size", "[tools]") {
  const package zlib = good("Package: zlib1g\nStatus: install ok installed\nSection: libs\nInstalled-Size: 168\n"
                            "Description: compression\n Several\n .\n lines.\n");
  CHECK(zlib.name == "zlib1g");
  CHECK(zlib.section == "libs");
  CHECK(zlib.installed_kib == 168);
}

TEST_CASE("section and size may be missing, as for a package that was removed", "[tools]") {
  const package gone = good("Package: gone\nStatus: deinstall ok config-files\n");
  CHECK(gone.section == "unknown");
  CHECK(gone.installed_kib == 0);
  CHECK(good("Package: a\nSection:\n").section == "unknown");
}

TEST_CASE("field names have no case, and values no space around them", "[tools]") {
  const package made = good("PACKAGE:\t a \t\ninstalled-size:18446744073709551615\n");
  CHECK(made.name == "a");
  CHECK(made.installed_kib == 18446744073709551615ULL);
}

TEST_CASE("a malformed record is rejected with the line at fault", "[tools]") {
  CHECK(bad("Package: a\nno colon here\n") ==
        "11: neither a field nor a continuation line (no colon): `no colon here`");
  CHECK(bad("Package: a\n: b\n") == "11: a field without a name: `: b`");
  CHECK(bad("Package: a\nA b: c\n") == "11: not a field name: `A b`");
  CHECK(bad("Package: a\n\x1b[0m: c\n") == "11: not a field name: `\\x1b[0m`");
  CHECK(bad(" a\nPackage: a\n") == "10: a record cannot begin with a continuation line (one that starts with a space)");
  CHECK(bad("Section: x\n") == "10: no field Package");
  CHECK(bad("Section: x\nPackage:  \n") == "11: not a package name: ``");
  CHECK(bad("Package: a b\n") == "10: not a package name: `a b`");
  CHECK(bad("Package: a\nSection: x\nPackage: b\n") == "12: a second field Package, the first is in line 10");
  CHECK(bad("Package: a\n b\n") == "11: the field Package must fit one line");
  CHECK(bad(std::string("Package: a\nX: b\0c\n", 18)) == "11: a NUL byte: this is not text");
  CHECK(bad("Package: a\nSection: " + std::string(101, 's') + "\n") == "11: Section is longer than 100 bytes");
}

TEST_CASE("a size that is no number of KiB rejects its record", "[tools]") {
  const auto size = [](const std::string& text) { return bad("Package: a\nInstalled-Size: " + text + "\n"); };
  CHECK(size("12x") == "11: Installed-Size is not a whole number: `12x`");
  CHECK(size("") == "11: Installed-Size is not a whole number: ``");
  CHECK(size("1.5") == "11: Installed-Size is not a whole number: `1.5`");
  CHECK(size("+1") == "11: Installed-Size is not a whole number: `+1`");
  CHECK(size("0x10") == "11: Installed-Size is not a whole number: `0x10`");
  CHECK(size("-1") == "11: Installed-Size is negative: `-1`");
  CHECK(size("-") == "11: Installed-Size is not a whole number: `-`");
  CHECK(size("18446744073709551616") == "11: Installed-Size is too large: `18446744073709551616`");
}

TEST_CASE("a record that was too long or cut off is rejected at its first line", "[tools]") {
  CHECK(bad("", record::fault::too_long) == "10: longer than a record may be");
  CHECK(bad("Package: a\n", record::fault::cut_off) == "10: cut off: the input could not be read to its end");
}

TEST_CASE("any bytes are either parsed or rejected at one of their lines", "[tools]") {
  std::mt19937_64 random{2};
  for (std::size_t round = 0; round < troupe::tests::seeds(20'000); ++round) {
    std::string text = "Package: a\nSection: b\nInstalled-Size: 3\n";
    for (std::size_t i = random() % 4; i > 0; --i)
      text[random() % text.size()] = static_cast<char>(random() % 256);
    record_splitter splitter;
    splitter.feed(text);
    splitter.end();
    while (auto next = splitter.next()) {
      const parsed_record made = parse(*next);
      if (const auto* const rejected = std::get_if<rejection>(&made)) {
        REQUIRE(rejected->line >= next->line);
        REQUIRE(rejected->line <= 10);
        REQUIRE(!rejected->why.empty());
      }
    }
  }
}
