#include <troupe/tools/command_line.hpp>

#include <tests/catch.hpp>

#include <chrono>

using namespace troupe::tools;

namespace {

template <class Command>
Command as(const std::vector<std::string>& arguments) {
  const command read = read_command_line(arguments);
  REQUIRE(std::holds_alternative<Command>(read));
  return std::get<Command>(read);
}

std::string error(const std::vector<std::string>& arguments) {
  const std::string text = as<usage_error>(arguments).text;
  INFO(text);
  CHECK(text.starts_with("troupe: error: "));
  CHECK(text.find("\n  in:   troupe") != std::string::npos); // where
  CHECK(text.find("\n  help: troupe") != std::string::npos); // what to do
  CHECK(text.back() == '\n');
  return text.substr(0, text.find('\n'));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("run without a demo's name is ingest, with its options", "[tools]") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"run"}, {"run", "ingest"}}) {
    const auto read = as<run_ingest>(arguments);
    CHECK(read.input == "/var/lib/dpkg/status");
    CHECK(read.options.parsers == 8);
    CHECK(read.options.capacity == 100);
  }
  const auto read = as<run_ingest>({"run", "--workers", "64", "--capacity=1", "--input", "-"});
  CHECK(read.input == "-");
  CHECK(read.options.parsers == 64);
  CHECK(read.options.capacity == 1);
}

TEST_CASE("pipeline has defaults and takes an item to fail at", "[tools]") {
  const auto by_default = as<run_pipeline>({"run", "pipeline"});
  CHECK(by_default.options.items == 10'000);
  CHECK(by_default.options.consumers == 8);
  CHECK(by_default.options.capacity == 100);
  CHECK(!by_default.options.fail_at);
  const auto failing = as<run_pipeline>({"run", "pipeline", "--items", "7", "--fail-at", "7"});
  CHECK(failing.options.items == 7);
  CHECK(failing.options.fail_at == 7);
}

TEST_CASE("pool and storm have defaults, and take numbers", "[tools]") {
  const auto pool = as<run_pool>({"run", "pool"});
  CHECK(pool.options.messages == 100'000);
  CHECK(pool.options.consumers == 8);
  CHECK(pool.options.capacity == 100);
  CHECK(pool.options.crash_percent == 1);
  CHECK_FALSE(pool.options.intensity);
  CHECK(as<run_pool>({"run", "pool", "--intensity", "0"}).options.intensity == 0);
  CHECK(as<run_pool>({"run", "pool", "--redeliveries", "3"}).options.redeliveries == 3);
  const auto storm = as<run_storm>({"run", "storm"});
  CHECK(storm.options.lasts == std::chrono::seconds{3});
  CHECK_FALSE(storm.simulate);
  const auto given = as<run_storm>({"run", "storm", "--simulate", "--seconds", "60", "--seed", "7", "--workers", "9"});
  CHECK(given.options.lasts == std::chrono::seconds{60});
  CHECK(given.options.seed == 7);
  CHECK(given.options.workers == 9);
  CHECK(given.simulate);
  CHECK(error({"run", "pool", "--crash-rate", "101"}) ==
        "troupe: error: --crash-rate: `101` is not a whole number from 0 to 100");
  CHECK(error({"run", "storm", "--seconds", "0"}) ==
        "troupe: error: --seconds: `0` is not a whole number from 1 to 86400");
  for (const std::string port : {"abc", "65536", "0x10", "-1"})
    CHECK(error({"run", "storm", "--observe=" + port}) ==
          "troupe: error: --observe: `" + port + "` is not a whole number from 0 to 65535");
}

TEST_CASE("load takes a host and a port, and numbers", "[tools]") {
  const auto by_default = as<run_load>({"load", "127.0.0.1:7400"});
  CHECK(by_default.options.host == "127.0.0.1");
  CHECK(by_default.options.port == 7'400);
  CHECK(by_default.options.connections == 32);
  CHECK(by_default.options.rate == 0);
  CHECK(by_default.options.lasts == std::chrono::seconds{10});
  CHECK(by_default.options.deadline == std::chrono::milliseconds{500});
  CHECK(by_default.options.retries == 3);
  CHECK_FALSE(by_default.as_json);
  const auto given =
      as<run_load>({"load", "--rate", "300", "[::1]:80", "--seconds=2", "--deadline", "50", "--retries", "0", "--json",
                    "--acknowledged", "a file", "--accounts", "9", "--seed", "4", "--authorities", "a.pem"});
  CHECK(given.options.host == "::1");
  CHECK(given.options.port == 80);
  CHECK(given.options.rate == 300);
  CHECK(given.options.lasts == std::chrono::seconds{2});
  CHECK(given.options.deadline == std::chrono::milliseconds{50});
  CHECK(given.options.retries == 0);
  CHECK(given.options.accounts == 9);
  CHECK(given.options.acknowledged_file == "a file");
  CHECK(given.options.authorities_file == "a.pem");
  CHECK(error({"load", "a:1", "--authorities", ""}) == "troupe: error: --authorities: no file is named"); // not plain
  CHECK(given.as_json);
  CHECK(as<run_load>({"load", "example.org:1"}).options.host == "example.org");
  for (const char* const wrong : {"127.0.0.1", ":80", "a:", "a:0", "a:65536", "a:7x", "::1:80", "[]:80", "a:-1"})
    CHECK(error({"load", wrong}) == std::string{"troupe: error: HOST:PORT: `"} + wrong +
                                        "` is no host and port, as in 127.0.0.1:7400 or [::1]:7400");
  CHECK(error({"load"}) == "troupe: error: HOST:PORT is required");
  CHECK(error({"load", "a:1", "b:2"}) == "troupe: error: unexpected argument `b:2`");
  CHECK(contains(as<usage_error>({"load", "a:1", "--rat", "3"}).text, "--rate"));
  CHECK(contains(as<show_text>({"help", "load"}).text, "Usage: troupe load HOST:PORT [OPTIONS]"));
}

TEST_CASE("ledger is a demo, and with --listen a server, each with its own options", "[tools]") {
  const auto demo = as<run_ledger>({"run", "ledger"});
  CHECK(demo.options.clients == 32);
  CHECK(demo.options.lasts == std::chrono::seconds{3});
  CHECK(demo.options.database.empty());
  CHECK_FALSE(demo.audit_only);
  const auto server = as<run_ledger_server>({"run", "ledger", "--listen", "localhost:7070"});
  CHECK(server.host == "localhost");
  CHECK(server.port == 7070);
  CHECK(server.options.connections.connections_max == 1'000);
  CHECK(server.options.connections.idle_limit == std::chrono::seconds{60});
  CHECK_FALSE(server.tls);
  const auto encrypted =
      as<run_ledger_server>({"run", "ledger", "--listen", "a:1", "--certificate", "a.pem", "--key", "a.key"});
  REQUIRE(encrypted.tls);
  CHECK(encrypted.tls->certificate_file == "a.pem");
  CHECK(encrypted.tls->key_file == "a.key");
  CHECK(error({"run", "ledger", "--listen", "a:1", "--certificate", "a.pem"}) ==
        "troupe: error: --certificate requires --key");
  CHECK(error({"run", "ledger", "--listen", "a:1", "--key", "a.key"}) == "troupe: error: --key requires --certificate");
  CHECK(contains(error({"run", "ledger", "--key", "a.key", "--certificate", "a.pem"}), "is an option of the server"));
  const auto given = as<run_ledger_server>(
      {"run",          "ledger", "--listen",       "[::1]:0", "--database", "a.db", "--accounts", "7",
       "--balance",    "9",      "--connections",  "5",       "--capacity", "6",    "--at-once",  "3",
       "--idle-limit", "2",      "--commit-limit", "8"});
  CHECK(given.host == "::1");
  CHECK(given.port == 0);
  CHECK(given.database == "a.db");
  CHECK(given.accounts == 7);
  CHECK(given.balance == 9);
  CHECK(given.options.connections.connections_max == 5);
  CHECK(given.options.connections.idle_limit == std::chrono::seconds{2});
  CHECK(given.options.service.capacity == 6);
  CHECK(given.options.service.at_once == 3);
  CHECK(given.options.service.commit_limit == std::chrono::milliseconds{8});
  for (const std::string where :
       {":1", "localhost", "localhost:", "localhost:x", "localhost:65536", "::1:80", "[]:1"}) {
    INFO(where);
    CHECK(contains(error({"run", "ledger", "--listen=" + where}), "HOST:PORT"));
  }
  CHECK(error({"run", "ledger", "--listen", "a:1", "--seed", "1"}) ==
        "troupe: error: --seed is an option of the demo, and --listen makes it a server");
  CHECK(error({"run", "ledger", "--balance", "1"}) == "troupe: error: --balance is an option of the server");
  CHECK(contains(error({"run", "ledger", "--listen", "a:1", "--accounts", "1000", "--balance", "9007199254740991"}),
                 "1000 accounts with so much are more than"));
  CHECK(contains(as<usage_error>({"run", "ledger", "--audit"}).text, "try:  --audit --database FILE"));
}

TEST_CASE("numbers out of range, and what is no number, are refused with the range", "[tools]") {
  CHECK(error({"run", "ingest", "--workers", "0"}) ==
        "troupe: error: --workers: `0` is not a whole number from 1 to 1024");
  for (const std::string value : {"1025", "-1", "x", "", "1.5", "0x10", " 8", "99999999999999999999999"}) {
    INFO(value);
    CHECK(contains(error({"run", "ingest", "--workers", value}), "is not a whole number from 1 to 1024"));
  }
  CHECK(contains(error({"run", "ingest", "--capacity", "1000001"}), "from 1 to 1000000"));
  CHECK(contains(error({"run", "pipeline", "--items", "0"}), "from 1 to 1000000000"));
  CHECK(contains(error({"run", "pipeline", "--items", "10", "--fail-at", "11"}), "there is no item 11, only 10"));
  CHECK(as<run_ingest>({"run", "--workers", "1024", "--capacity", "1000000"}).options.parsers == 1024);
}

TEST_CASE("an unknown word or option is named, with what was probably meant", "[tools]") {
  CHECK(error({"rnu"}) == "troupe: error: unknown command `rnu`");
  CHECK(contains(as<usage_error>({"lst"}).text, "try:  troupe list"));
  CHECK(contains(as<usage_error>({"frobnicate"}).text,
                 "try:  one of: run, load, check, explore, graph, top, new, bench, test, completion, list, help"));
  CHECK(error({"run", "ingets"}) == "troupe: error: unknown demo or topology `ingets`");
  CHECK(contains(as<usage_error>({"run", "ingets"}).text, "try:  troupe run ingest"));
  CHECK(error({"run", "ingest", "--worker=3"}) == "troupe: error: unknown option `--worker=3`");
  CHECK(contains(as<usage_error>({"run", "ingest", "--worker=3"}).text, "try:  --workers"));
  CHECK(error({"run", "ingest", "file"}) == "troupe: error: unexpected argument `file`");
  CHECK(error({"list", "all"}) == "troupe: error: unexpected argument `all`");
  CHECK(error({"help", "runn"}) == "troupe: error: unknown command `runn`");
}

TEST_CASE("a missing or repeated value is refused", "[tools]") {
  CHECK(contains(error({"run", "ingest", "--workers"}), "--workers"));
  CHECK(contains(error({"run", "ingest", "--workers", "1", "--workers", "2"}), "given twice"));
  CHECK(contains(error({"run", "ingest", "--input", ""}), "name of a file is missing"));
}

TEST_CASE("arguments come back in errors without control sequences", "[tools]") {
  CHECK(!contains(as<usage_error>({"\x1b[31m"}).text, "\x1b"));
  CHECK(!contains(as<usage_error>({"run", "ingest", "--workers", "\x1b[31m"}).text, "\x1b"));
  CHECK(!contains(as<usage_error>({"run", "ingest", "--\x1b[31m"}).text, "\x1b"));
}

TEST_CASE("each way to ask for help gives the help of that command, with exit codes at the top", "[tools]") {
  const std::string top = as<show_text>({}).text;
  CHECK(as<show_text>({"help"}).text == top);
  CHECK(as<show_text>({"--help"}).text == top);
  CHECK(as<show_text>({"-h"}).text == top);
  for (const char* code : {"\n  0 ", "\n  1 ", "\n  2 ", "\n  70 ", "\n  130 ", "\n  141 ", "\n  143 "})
    CHECK(contains(top, code));
  for (const char* name : {"ingest", "pipeline"}) {
    const std::string text = as<show_text>({"help", "run", name}).text;
    CHECK(as<show_text>({"run", name, "--help"}).text == text);
    CHECK(contains(text, std::string("Usage: troupe run ") + name));
  }
  CHECK(contains(as<show_text>({"run", "--help"}).text, "Demos:"));
  CHECK(as<show_text>({"help", "run", "fan-out"}).text == as<show_text>({"help", "run", "topology"}).text);
  CHECK(contains(as<show_text>({"help", "run"}).text, "troupe help run NAME"));
  CHECK(!as<list_names>({"list"}).as_json);
  CHECK(as<show_text>({"--version"}).text.starts_with("troupe "));
}

TEST_CASE("the closest word is offered only where it is close", "[tools]") {
  CHECK(closest("pipelin", {"ingest", "pipeline"}) == "pipeline");
  CHECK(closest("lits", {"list", "help"}) == "list");
  CHECK(closest("last", {"help"}) == "");
  CHECK(closest("lis", {"list", "help"}) == "list");
  CHECK(closest("x", {"list", "help"}) == "");
}

TEST_CASE("a file after run is a topology, with its options", "[tools]") {
  for (const std::string file : {"./mine", "mine.toml", "some/where.toml"}) {
    CHECK(as<run_topology>({"run", file}).which == file);
    CHECK(as<run_topology>({"run", "topology", file}).which == file);
  }
  const auto read = as<run_topology>({"run", "mine.toml", "--observe", "8080", "--control", "--json"});
  CHECK(read.observe.port == 8080);
  CHECK(read.observe.control);
  CHECK(read.as_json);
  CHECK(contains(error({"run", "mine"}), "unknown demo or topology `mine`"));
}

TEST_CASE("check takes several files, explore faults and a schedule, graph a form", "[tools]") {
  CHECK(as<check_topologies>({"check", "a.toml", "b.toml", "--json"}).files.size() == 2);
  CHECK(contains(error({"check"}), "NAME|FILE"));
  const auto explored = as<explore_topology>({"explore", "a.toml", "--seeds", "7", "--faults", "crash,cancel"});
  CHECK(explored.schedules == 7);
  CHECK(explored.faults == std::vector<std::string>{"crash", "cancel"});
  CHECK(as<explore_topology>({"explore", "a.toml"}).schedules == 1'000);
  CHECK(error({"explore", "a.toml", "--faults", "crash,crush"}) == "troupe: error: unknown fault `crush`");
  CHECK(contains(as<usage_error>({"explore", "a.toml", "--faults", "crush"}).text, "try:  --faults crash\n"));
  for (const char* const list : {"crash,,cancel", "", "crash,"})
    CHECK(contains(error({"explore", "a.toml", "--faults", list}), "unknown fault ``"));
  CHECK(contains(error({"explore", "a.toml", "--faults", "crash,cancel,crash"}), "names `crash` twice"));
  CHECK(contains(error({"explore", "a.toml", "--replay", ""}), "--replay has no schedule"));
  CHECK(as<explore_topology>({"explore", "a.toml", "--replay", "1/2:"}).replay == "1/2:");
  for (const char* const in_code : {"deadline", "hang", "cancel_all", "fault_point"}) {
    const auto told = as<usage_error>({"explore", "a.toml", "--faults", in_code}).text;
    CHECK(contains(told, std::string("`") + in_code + "` is a fault for tests in code, not for topologies\n"));
    CHECK(contains(told, "try:  one of: crash, cancel, overflow, failing_start, reset\n"));
  }
  CHECK(contains(error({"explore", "a.toml", "--seeds", "0"}), "--seeds"));
  CHECK(as<draw_topology>({"graph", "a.toml", "--as", "svg", "--output", "a.svg"}).form == "svg");
  CHECK(error({"graph", "a.toml", "--as", "png"}) == "troupe: error: unknown form `png`");
  CHECK(contains(as<usage_error>({"graph", "a.toml", "--as", "png"}).text, "try:  one of: mermaid, dot, svg\n"));
  CHECK(contains(as<usage_error>({"graph", "a.toml", "--as", "mermade"}).text, "try:  --as mermaid\n"));
}

TEST_CASE("top takes where to look, bench what it is given, completion a shell", "[tools]") {
  CHECK(as<top_options>({"top", "127.0.0.1:8080", "--once"}).port == 8080);
  CHECK(contains(error({"top", "nowhere"}), "nowhere"));
  CHECK(as<run_program>({"bench", "pipeline", "100", "--workers", "1"}).arguments.size() == 4);
  CHECK(contains(as<show_text>({"bench", "--help"}).text, "troupe bench pipeline"));
  CHECK(contains(as<show_text>({"completion", "bash"}).text, "complete -o default -F _troupe troupe"));
  CHECK(contains(error({"completion", "tcsh"}), "tcsh"));
  CHECK(contains(error({"test"}), "in its sources"));
}
