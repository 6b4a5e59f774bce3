// Connections of nodes over TCP, on threads: the simulator has none.

#include <troupe/scope/thread_pool_executor.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/running.hpp>

#include <tests/catch.hpp>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

using namespace troupe;
using namespace troupe::topology;

namespace {

/// How many connections of TCP the programs of this machine have opened so far.
std::uint64_t connections_opened() {
  std::ifstream from{"/proc/net/snmp"};
  for (std::string names, numbers; std::getline(from, names) && std::getline(from, numbers);) {
    std::istringstream name_in{names}, number_in{numbers};
    for (std::string name, number; name_in >> name && number_in >> number;)
      if (names.starts_with("Tcp:") && name == "ActiveOpens")
        return std::stoull(number);
  }
  FAIL("/proc/net/snmp has no ActiveOpens");
  return 0;
}

report proxied_over_tcp(const std::string& of_proxy) {
  const std::string text =
      "[run]\nlasts = \"1h\"\n"
      "[node.c]\nkind = \"stream_client\"\ncount = 3\nitems = 4\nlines = 5\nline_bytes = 19\nover = \"tcp\"\n"
      "[node.p]\nkind = \"stream_proxy\"\nat_once = 4\nover = \"tcp\"\n" +
      of_proxy +
      "[node.s]\nkind = \"stream_server\"\nat_once = 4\n"
      "[[edge]]\nfrom = \"c\"\nto = \"p\"\nhow = \"ask\"\n"
      "[[edge]]\nfrom = \"p\"\nto = \"s\"\nhow = \"ask\"\n";
  const kinds known = standard_kinds();
  const parsed made = parse(text, known);
  INFO(render(made.findings, text, "test.toml"));
  REQUIRE(made.what);
  running all{*made.what, known};
  thread_pool_executor pool{2};
  const std::uint64_t before = connections_opened();
  pool.run([&]() -> task<> { co_await topology::run(all); }).value();
  CHECK(connections_opened() - before >= 24); // twelve to the proxy, as many from there
  CHECK(all.result().unbalanced.empty());
  CHECK(all.result().ended == ending_kind::normal);
  return all.result();
}

std::uint64_t count(const report& in, std::size_t node, std::string_view what) {
  return count_of(in.nodes.at(node), what).value();
}

} // namespace

TEST_CASE("what a client says through a proxy over TCP comes back byte by byte", "[topology][stress]") {
  const report came = proxied_over_tcp("");
  CHECK(count(came, 0, "served") == 12);
  CHECK(count(came, 0, "wrong") == 0);
  CHECK(count(came, 1, "bytes") == 12U * 5U * 20U * 2U);
  CHECK(count(came, 2, "lines") == 60);
}

TEST_CASE("a TCP connection that is reset behind a proxy is reset before it, and no other is", "[topology][stress]") {
  const report came = proxied_over_tcp("reset_every = 3\nreset_after = 50\n");
  for (std::size_t node = 0; node < 3; ++node) {
    CHECK(count(came, node, "served") == 8);
    CHECK(count(came, node, "resets") == 4);
  }
}
