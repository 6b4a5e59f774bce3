#include <troupe/observe/observer.hpp>

#include "http_client.hpp"

#include <troupe/supervision/tree_event.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

using namespace troupe;
using namespace troupe::tests;
using namespace std::chrono_literals;

namespace {

/// A tree that is different each time somebody looks.
class tree {
public:
  explicit tree(std::size_t children = 3) : children_(children) {}

  observed seen() {
    return {.tree = [this] { return look(); },
            .control = [this](control_action action, std::string_view path) -> std::optional<std::string> {
              if (path != "/worker-0")
                return "there is no such child";
              last = action;
              return std::nullopt;
            },
            .title = "a tree"};
  }

  std::atomic<int> looks{0};
  std::optional<control_action> last;

private:
  tree_snapshot look() {
    const int count = ++looks;
    tree_snapshot made;
    for (std::size_t at = 0; at <= children_; ++at) {
      tree_node& node = made.nodes.emplace_back();
      node.number = at + 1;
      node.name = at == 0 ? "" : "worker-" + std::to_string(at - 1);
      node.state = at == 0 ? "" : "running";
      node.incarnation = static_cast<std::uint64_t>(count);
    }
    return made;
  }

  const std::size_t children_;
};

const std::string order = R"({"action":"crash","path":"/worker-0"})";
const std::string json_header = "Content-Type: application/json\r\n";

bool says(const std::string& answer, std::string_view what) { return answer.find(what) != answer.npos; }

tree_event event_of(std::string_view path) { return {instant{}, tree_event_kind::started, path}; }

} // namespace

TEST_CASE("an observer serves its page, its tree and its metrics", "[observe][stress]") {
  observer live;
  tree grown;
  const observation seen = live.attach(grown.seen());
  const std::string page = ask(live.url(), "GET /");
  CHECK(says(page, "200 OK"));
  CHECK(says(page, "<!doctype html>"));
  CHECK(says(page, "Content-Security-Policy: default-src 'none'"));
  CHECK(says(page, "X-Content-Type-Options: nosniff"));
  CHECK_FALSE(says(page, "Access-Control"));
  CHECK(says(ask(live.url(), "GET /main.js"), "text/javascript"));
  CHECK(says(ask(live.url(), "GET /tree.json"), "\"name\":\"worker-2\""));
  CHECK(says(ask(live.url(), "GET /metrics"), "troupe_children{state=\"running\"} 3"));
  CHECK(says(ask(live.url(), "GET /nothing"), "404"));
}

TEST_CASE("while nobody looks the tree is not looked at", "[observe][stress]") {
  observer live{{.pause = 1ms}};
  tree grown;
  const observation seen = live.attach(grown.seen());
  for (int i = 0; i != 3; ++i)
    ask(live.url(), "GET /");
  CHECK(grown.looks == 0);
}

TEST_CASE("another origin, another name and another site are refused", "[observe][stress]") {
  observer live{{.control = true}};
  tree grown;
  const observation seen = live.attach(grown.seen());
  for (const std::string headers :
       {"Host: evil.example\r\n", "Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"}) {
    CHECK(says(ask(live.url(), "GET /tree.json", headers), "403"));
    CHECK(says(ask(live.url(), "GET /events", headers), "403"));
    CHECK(says(ask(live.url(), "POST /control", headers + json_header, order), "403"));
  }
  CHECK(says(ask(live.url(), "POST /control", "Content-Type: text/plain\r\n", order), "403"));
  CHECK_FALSE(grown.last);
}

TEST_CASE("without control an order is refused, and with it, it is given", "[observe][stress]") {
  tree grown;
  {
    observer live;
    const observation seen = live.attach(grown.seen());
    const std::string answer = ask(live.url(), "POST /control", json_header, order);
    CHECK(says(answer, "403"));
    CHECK(says(answer, "--control"));
    CHECK_FALSE(grown.last);
  }
  observer live{{.control = true}};
  const observation seen = live.attach(grown.seen());
  CHECK(says(ask(live.url(), "POST /control", json_header, order), "{\"begun\":true}"));
  CHECK(grown.last == control_action::crash);
  CHECK(says(ask(live.url(), "POST /control", json_header, R"({"action":"crash","path":"/no"})"), "409"));
  CHECK(says(ask(live.url(), "POST /control", json_header, R"({"action":"eat","path":"/no"})"), "400"));
  CHECK(says(ask(live.url(), "POST /control", json_header, "["), "400"));
}

TEST_CASE("control is for loopback addresses only, and a port that is taken is an error", "[observe][stress]") {
  CHECK_THROWS_AS(observer({.host = "0.0.0.0", .control = true}), std::invalid_argument);
  observer live;
  const int port = std::atoi(live.url().c_str() + live.url().rfind(':') + 1);
  CHECK_THROWS_AS(observer({.port = static_cast<std::uint16_t>(port)}), std::system_error);
}

TEST_CASE("requests that are too long are refused, and harm nobody", "[observe][stress]") {
  observer live{{.control = true}};
  tree grown;
  const observation seen = live.attach(grown.seen());
  CHECK(says(ask(live.url(), "POST /control", json_header, std::string(5'000, 'x')), "413"));
  const std::string big = ask(live.url(), "GET /", "A: " + std::string(20'000, 'x') + "\r\n");
  CHECK(says(big, "400 Bad Request"));
  CHECK(says(big, "its headers are too long"));
  for (const std::size_t size : {9'000U, 20'000U, 100'000U}) { // the library reads the first one whole
    INFO(size);
    const std::string long_line = ask(live.url(), "GET /" + std::string(size, 'x'));
    CHECK(says(long_line, "414 URI Too Long"));
    CHECK(says(long_line, "too long"));
  }
  std::string many;
  for (int i = 0; i != 3'000; ++i)
    many += "A: b\r\n";
  CHECK(says(ask(live.url(), "GET /", many), "400 Bad Request"));
  CHECK(says(ask(live.url(), "GET /tree.json"), "200 OK"));
}

TEST_CASE("a follower gets all, then differences, and the events with ids to come back by", "[observe][stress]") {
  observer live{{.pause = 5ms}};
  tree grown;
  const observation seen = live.attach(grown.seen());
  live.sink().on_tree_event(event_of("/first"));
  std::string id;
  {
    const http_client client{live.url()};
    client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string text = client.read_until("event: change");
    CHECK(says(text, "event: state"));
    CHECK(says(text, "/first"));
    const std::size_t at = text.find("\nid: ");
    REQUIRE(at != text.npos);
    id = text.substr(at + 5, text.find('\n', at + 1) - at - 5);
  }
  live.sink().on_tree_event(event_of("/second"));
  const http_client client{live.url()};
  client.send("GET /events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: " + id + "\r\n\r\n");
  const std::string text = client.read_until("event: change");
  CHECK(says(text, "/second"));
  CHECK_FALSE(says(text, "/first"));
}

TEST_CASE("200 follow at once, more are told to come back, and none that does not read is in the way",
          "[observe][stress]") {
  observer live{{.clients_max = 200, .pause = 10ms}};
  tree grown{300};
  const observation seen = live.attach(grown.seen());
  std::vector<http_client> clients;
  for (int i = 0; i != 200; ++i) {
    clients.emplace_back(live.url(), i % 4 == 0 ? 4'096 : 0); // those of every fourth hold little, and none is read
    clients.back().send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  for (const http_client& each : clients) {
    REQUIRE(each.connected());
    CHECK(says(each.read_until("event: state"), "event: state"));
  }
  const std::string refused = ask(live.url(), "GET /events");
  CHECK(says(refused, "503"));
  CHECK(says(refused, "Retry-After: 5"));
  CHECK(says(ask(live.url(), "GET /tree.json"), "200 OK"));
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i != 10'000; ++i)
    live.sink().on_tree_event(event_of("/worker-1"));
  CHECK(std::chrono::steady_clock::now() - began < 5s);
  // Who does not read is dropped, and makes room.
  bool has_room = false;
  for (const auto until = began + 100s; !has_room && std::chrono::steady_clock::now() < until;) {
    const http_client client{live.url()};
    client.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    has_room = says(client.read_until("\r\n"), "200 OK");
  }
  CHECK(has_room);
}

TEST_CASE("a tree that is detached is shown as ended, and not looked at any more", "[observe][stress]") {
  observer live{{.pause = 1ms}};
  tree grown;
  {
    const observation seen = live.attach(grown.seen());
    CHECK(says(ask(live.url(), "GET /tree.json"), "\"attached\":true"));
  }
  const int looks = grown.looks;
  const std::string ended = ask(live.url(), "GET /tree.json");
  CHECK(says(ended, "\"attached\":false"));
  CHECK(says(ended, "worker-2"));
  CHECK(grown.looks == looks);
}

TEST_CASE("an observer that looks always looks while nobody asks", "[observe][stress]") {
  observer live{{.pause = 1ms, .looks_always = true}};
  tree grown;
  const observation seen = live.attach(grown.seen());
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (grown.looks < 2 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  CHECK(grown.looks >= 2);
}

TEST_CASE("a tree that ended before anybody came is shown where the observer looks always", "[observe][stress]") {
  for (const bool looks_always : {false, true}) {
    observer live{{.pause = 1ms, .looks_always = looks_always}};
    tree grown;
    static_cast<void>(live.attach(grown.seen())); // ends at once: the last look is the only one sure to be made
    const int looks = grown.looks;
    const std::string ended = ask(live.url(), "GET /tree.json");
    CHECK(says(ended, "\"attached\":false"));
    CHECK(says(ended, "worker-2") == looks_always);
    CHECK(says(ended, "\"incarnation\":" + std::to_string(looks)) == looks_always); // the last look, no earlier one
    CHECK(grown.looks == looks);
  }
}
