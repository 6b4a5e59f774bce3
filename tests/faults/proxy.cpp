// A fault proxy as a program, for tests of processes: told on standard input, a line each, what goes wrong.
//
//   proxy HOST:PORT                     prints where it listens, "127.0.0.1:40000", and "done" for each line it was told
//   to_client stalls_at 0               faults of one direction, by their names in proxy_faults; "drops"
//   to_target                           none
//   reset                               all connections are reset now

#include <troupe/testing/fault_proxy.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

using namespace troupe;

namespace {

proxy_faults read_faults(std::istringstream& words) {
  proxy_faults faults;
  for (std::string name; words >> name;) {
    if (name == "drops") {
      faults.drops = true;
      continue;
    }
    std::uint64_t value = 0;
    if (!(words >> value))
      throw std::invalid_argument("a number is missing behind " + name);
    if (name == "delay_ms")
      faults.delay = std::chrono::milliseconds{value};
    else if (name == "at_once_max")
      faults.at_once_max = value;
    else if (name == "bytes_per_second")
      faults.bytes_per_second = value;
    else if (name == "stalls_at")
      faults.stalls_at = value;
    else if (name == "ends_at")
      faults.ends_at = value;
    else if (name == "resets_at")
      faults.resets_at = value;
    else
      throw std::invalid_argument("there is no fault " + name);
  }
  return faults;
}

void obey(fault_proxy& proxy, const std::string& line) {
  std::istringstream words{line};
  std::string what;
  words >> what;
  if (what == "reset")
    return proxy.reset_connections();
  if (what != "to_client" && what != "to_target")
    throw std::invalid_argument("there is no direction " + what);
  proxy.set(what == "to_client" ? proxy_direction::to_client : proxy_direction::to_target, read_faults(words));
}

std::optional<std::string> next_line() {
  std::string line;
  if (!std::getline(std::cin, line))
    return std::nullopt;
  return line;
}

std::string target;

task<> main_task() {
  const std::size_t colon = target.rfind(':');
  fault_proxy proxy{target.substr(0, colon), static_cast<std::uint16_t>(std::stoul(target.substr(colon + 1)))};
  std::cout << "127.0.0.1:" << proxy.port() << std::endl;
  co_await in_task_group([&](task_group& group) -> task<> {
    child<> running = group.start([&]() -> task<> { co_await proxy.run(); });
    while (const auto line = co_await offload_abandon(next_line)) {
      try {
        obey(proxy, *line);
        std::cout << "done" << std::endl;
      } catch (const std::invalid_argument& error) {
        std::cout << error.what() << std::endl;
      }
    }
    running.cancel();
  });
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2 || std::string(argv[1]).find(':') == std::string::npos) {
    std::cerr << "usage: proxy HOST:PORT\n";
    return 2;
  }
  target = argv[1];
  return troupe::run(main_task);
}
