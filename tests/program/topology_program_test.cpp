#include <troupe/program/scratch_folder.hpp>
#include <troupe/program/topology_program.hpp>

#include <tests/catch.hpp>
#include <tests/program/printed.hpp>

#include <troupe/scope/executor.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/topology/item.hpp>
#include <troupe/topology/node.hpp>

#include <cstdint>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

using namespace troupe;

namespace {

task<> count(topology::node& here) {
  co_await here.each([&here](topology::item&) -> task<> {
    here.add("counted");
    co_return;
  });
}

/// Tells of a mailbox with more in it than it has room for, as if troupe were broken.
task<> lie(topology::node&) {
  constexpr std::uint64_t number = 1'000'000'000;
  const executor& on = this_fiber::pointer()->runs_on();
  const auto tell = [&on](event_kind what, std::uint64_t cause) {
    if (on.sink() != nullptr)
      on.sink()->on_event({on.time().now(), what, 0, number, this_fiber::pointer()->number(), cause});
  };
  tell(event_kind::mailbox_made, 1);
  tell(event_kind::item_queued, 0);
  tell(event_kind::item_queued, 1);
  co_return;
}

topology::kinds with_own_kind() {
  topology::kinds known = topology::standard_kinds();
  known.add({.name = "counter",
             .what = "Counts what it is sent.",
             .inputs = topology::wants::at_least_one,
             .counters = {"counted"}},
            count);
  return known;
}

const std::string file_text = R"(
[run]
lasts = "60s"
[supervisor.app]
[node.read]
kind = "source"
items = 20
[node.till]
kind = "counter"
[[edge]]
from = "read"
to = "till"
[expect]
ends = "normal"
[expect.node.till]
counted = 20
)";

/// A file with that tree, which goes with the test.
class tree_file {
public:
  explicit tree_file(const std::string& text) { std::ofstream{path()} << text; }

  std::string path() const { return folder_.file("mine.toml"); }

private:
  tools::scratch_folder folder_;
};

struct ended {
  int code;
  std::string output;
};

ended call(const topology::kinds& known, std::vector<std::string> words) {
  words.insert(words.begin(), "/usr/bin/shop");
  std::vector<char*> arguments;
  for (std::string& each : words)
    arguments.push_back(each.data());
  int code = 0;
  const std::string text =
      tests::printed_by([&] { code = topology_program(static_cast<int>(arguments.size()), arguments.data(), known); });
  return {code, text};
}

} // namespace

TEST_CASE("a program with a kind of its own checks, runs, explores, draws and lists as the command does", "[program]") {
  const topology::kinds known = with_own_kind();
  const tree_file mine{file_text};
  CHECK(call(known, {"check", mine.path()}).output.find("mailboxes of at most") != std::string::npos);
  const ended run = call(known, {"run", mine.path()});
  CHECK(run.code == 0);
  CHECK(run.output.find("till  counter") != std::string::npos);
  CHECK(run.output.ends_with("as expected\n"));
  const ended explored = call(known, {"explore", mine.path(), "--seeds", "20"});
  CHECK(explored.code == 0);
  CHECK(explored.output.find("20 schedules") != std::string::npos);
  CHECK(call(known, {"graph", mine.path()}).output.starts_with("flowchart"));
  CHECK(call(known, {"list"}).output.find("counter        Counts what it is sent.\n") != std::string::npos);
  CHECK(call(known, {"list", "--json"}).output.find("\"counter\"") != std::string::npos);
}

TEST_CASE("a program for topologies has its own name in its help, its mistakes and its completion", "[program]") {
  const topology::kinds known = with_own_kind();
  const ended help = call(known, {"help", "run"});
  CHECK(help.code == 0);
  CHECK(help.output.find("Usage: shop run FILE [OPTIONS]") != std::string::npos);
  CHECK(help.output.find("troupe run") == std::string::npos);
  CHECK(help.output.find('@') == std::string::npos);
  CHECK(call(known, {}).output.find("\n  shop check mine.toml ") != std::string::npos);
  CHECK(call(known, {"completion", "bash"}).output.find("complete -o default -F _shop shop\n") != std::string::npos);
  CHECK(call(known, {"frobnicate"}).code == 2);
  CHECK(call(known, {"--version"}).output.starts_with("shop "));
}

TEST_CASE("an exploration blames troupe for a broken promise, with another exit code than for a tree that is wrong",
          "[program]") {
  topology::kinds known = with_own_kind();
  known.add({.name = "liar", .what = "Tells of what never was."}, lie);
  const tree_file honest{file_text};
  const tree_file wrong{std::regex_replace(file_text, std::regex{"counted = 20"}, "counted = 21")};
  const tree_file lying{"[node.x]\nkind = \"liar\"\nrestart = \"temporary\"\n"};
  CHECK(call(known, {"explore", honest.path(), "--seeds", "5"}).code == 0);
  CHECK(call(known, {"explore", wrong.path(), "--seeds", "5"}).code == 1);
  const ended blamed = call(known, {"explore", lying.path(), "--seeds", "5", "--json"});
  CHECK(blamed.code == 70);
  CHECK(blamed.output.find("INV-4") != std::string::npos);
  CHECK(blamed.output.find("\"is_bug_in_troupe\": true") != std::string::npos);
}

TEST_CASE("a run of which nothing is expected says so, and one that gives up fails where that is not expected",
          "[program]") {
  const topology::kinds known = topology::standard_kinds();
  const std::string node = "[node.x]\nkind = \"worker\"\nitems = 3\nevery = \"1ms\"\n";
  const tree_file sound{node}, failing{node + "faults = { crash_every = 1 }\n"};
  const tree_file expecting{node + "faults = { crash_every = 1 }\n[expect]\nends = \"gives_up\"\n"};
  const ended well = call(known, {"run", sound.path()});
  CHECK(well.code == 0);
  CHECK(well.output.ends_with("nothing was expected of it: it has no [expect]\n"));
  CHECK(call(known, {"explore", sound.path(), "--seeds", "5"}).code == 0);
  CHECK(call(known, {"run", failing.path()}).code == 1);
  CHECK(call(known, {"explore", failing.path(), "--seeds", "5"}).code == 1);
  CHECK(call(known, {"explore", failing.path(), "--seeds", "5", "--faults", "crash"}).code == 0);
  CHECK(call(known, {"run", expecting.path()}).code == 0);
  CHECK(call(known, {"explore", expecting.path(), "--seeds", "5"}).code == 0);
}

TEST_CASE("a program without the kind that a file names says so", "[program]") {
  const tree_file mine{file_text};
  CHECK(call(topology::standard_kinds(), {"check", mine.path()}).code == 2);
  CHECK(call(topology::standard_kinds(), {"run", mine.path() + ".missing"}).code == 2);
}
