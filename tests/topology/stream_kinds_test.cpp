#include <troupe/topology/stream_kinds.hpp>

#include <troupe/simulation/simulator.hpp>
#include <troupe/topology/parse.hpp>
#include <troupe/topology/running.hpp>

#include <tests/catch.hpp>

using namespace troupe;
using namespace troupe::topology;

namespace {

description read(const std::string& text) {
  const parsed made = parse(text, standard_kinds());
  INFO(render(made.findings, text, "test.toml"));
  REQUIRE(made.what);
  return *made.what;
}

description proxied(const std::string& client, const std::string& proxy, const std::string& server) {
  const std::string text = "[run]\nlasts = \"1h\"\n[supervisor.app]\nintensity = 1000\n"
                           "[node.c]\nkind = \"stream_client\"\n" +
                           client + "\n[node.p]\nkind = \"stream_proxy\"\nat_once = 4\n" + proxy +
                           "\n[node.s]\nkind = \"stream_server\"\nat_once = 4\n" + server +
                           "\n[[edge]]\nfrom = \"c\"\nto = \"p\"\nhow = \"ask\"\n"
                           "[[edge]]\nfrom = \"p\"\nto = \"s\"\nhow = \"ask\"\n";
  return read(text);
}

report run_once(const description& what) {
  const kinds known = standard_kinds();
  running all{what, known};
  simulator simulated;
  simulated.run([&]() -> task<> { co_await run(all); }).value();
  CHECK(all.result().unbalanced == std::vector<std::string>{});
  CHECK(all.result().ended == ending_kind::normal);
  return all.result();
}

std::uint64_t count(const report& in, std::size_t node, std::string_view what) {
  return count_of(in.nodes.at(node), what).value();
}

} // namespace

TEST_CASE("what a client says through a proxy comes back byte by byte", "[topology]") {
  const report came = run_once(proxied("count = 3\nitems = 2\nlines = 5\nline_bytes = 19", "", "work = \"1ms\""));
  CHECK(count(came, 0, "served") == 6);
  CHECK(count(came, 0, "wrong") == 0);
  CHECK(count(came, 1, "bytes") == 6U * 5U * 20U * 2U);
  CHECK(count(came, 2, "lines") == 30);
}

TEST_CASE("a connection that is reset behind a proxy is reset before it, and no other is", "[topology]") {
  const report came = run_once(proxied("count = 3\nitems = 4\nlines = 5", "reset_every = 3\nreset_after = 200", ""));
  for (std::size_t node = 0; node < 3; ++node) {
    CHECK(count(came, node, "served") == 8);
    CHECK(count(came, node, "resets") == 4);
  }
  CHECK(came.edges[0].counts.handled == 12); // a reset is an end, too
}

TEST_CASE("a fault in one connection ends that one, and the server goes on", "[topology]") {
  const report came = run_once(proxied("items = 10\nlines = 4", "", "faults.crash_every = 13"));
  CHECK(count(came, 2, "failed") == 2);
  CHECK(count(came, 0, "resets") == 2);
  CHECK(count(came, 0, "served") == 8);
  CHECK(count(came, 2, "crashes") == 0);
  CHECK(came.nodes[2].last_error == "crashed with an item, as its faults say");
}

TEST_CASE("a client that gives up before it is served leaves nothing of its connection", "[topology]") {
  const report came = run_once(read("[node.first]\nkind = \"stream_client\"\nitems = 1\nlines = 3\n"
                                    "[node.second]\nkind = \"stream_client\"\nitems = 2\nevery = \"1ms\"\n"
                                    "[node.s]\nkind = \"stream_server\"\nwork = \"1s\"\n"
                                    "[[edge]]\nfrom = \"first\"\nto = \"s\"\nhow = \"ask\"\n"
                                    "[[edge]]\nfrom = \"second\"\nto = \"s\"\nhow = \"ask\"\nwithin = \"10ms\"\n"));
  CHECK(count(came, 0, "served") == 1);
  CHECK(count(came, 1, "failed") == 2);
  CHECK(count(came, 1, "served") == 0);
  CHECK(count(came, 2, "lines") == 3);
  CHECK(came.took < std::chrono::seconds{4});
}
