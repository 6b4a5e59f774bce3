// troupe_savina [SV-01 ...]: the programs of the Savina suite at their full sizes, on troupe's actors and on CAF's own,
// in turn on as many workers, and one line for each with the medians.

#include "caf_programs.hpp"

#include <tests/savina/programs.hpp>

#include <troupe/runtime/runtime.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::savina {

namespace {

constexpr std::array caf_programs = {
    on_caf::pingpong,    on_caf::count,       on_caf::fjthrput,  on_caf::fjcreate,  on_caf::threadring,
    on_caf::chameneos,   on_caf::big,         on_caf::concdict,  on_caf::concsll,   on_caf::bndbuffer,
    on_caf::philosopher, on_caf::barber,      on_caf::cigsmok,   on_caf::logmap,    on_caf::banking,
    on_caf::radixsort,   on_caf::filterbank,  on_caf::sieve,     on_caf::uct,       on_caf::facloc,
    on_caf::trapezoid,   on_caf::piprecision, on_caf::recmatmul, on_caf::quicksort, on_caf::apsp,
    on_caf::sor,         on_caf::astar,       on_caf::nqueenk,   on_caf::fib,       on_caf::bitonicsort};

struct request {
  std::vector<std::string_view> ids; // none: all
  std::size_t rounds = 3;
  std::size_t workers = 2;
  std::size_t capacity = 100;
};

int usage(std::FILE* to) {
  std::fputs(
      "usage: troupe_savina [SV-01 ...] [--rounds 3] [--workers 2] [--capacity 100]\n\n"
      "Runs the programs of the Savina suite at their full sizes, on troupe's actors and on CAF's own, in turn,\n"
      "each time in a new system, and prints the median seconds of both. --capacity is of troupe's mailboxes;\n"
      "CAF's have no bound. Exit code 1 when something else comes out than must.\n\n",
      to);
  for (const program& each : programs())
    std::fprintf(to, "  %s %s\n", std::string(each.id).c_str(), std::string(each.name).c_str());
  return to == stdout ? 0 : 2;
}

bool read_number(std::string_view text, std::size_t& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc{} && end == text.data() + text.size() && to > 0;
}

/// 0, or the exit code of a call that is wrong.
int read(const std::vector<std::string_view>& arguments, request& to) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (std::any_of(programs().begin(), programs().end(), [&](const program& each) { return each.id == name; })) {
      to.ids.push_back(name);
      continue;
    }
    std::size_t* const number = name == "--rounds"     ? &to.rounds
                                : name == "--workers"  ? &to.workers
                                : name == "--capacity" ? &to.capacity
                                                       : nullptr;
    if (number == nullptr || i + 1 == arguments.size() || !read_number(arguments[i + 1], *number)) {
      std::fprintf(stderr, "troupe_savina: `%s` is no program, nor an option with a number from 1\n\n",
                   std::string(name).c_str());
      return usage(stderr);
    }
    ++i;
  }
  return 0;
}

/// How long it takes, in seconds.
///
/// @throws std::runtime_error when something else comes out than must
template <class Function>
double timed(const program& of, std::string_view on, Function function) {
  const auto began = std::chrono::steady_clock::now(); // tidy: allow steady-clock
  const std::string wrong = function();
  const auto ended = std::chrono::steady_clock::now(); // tidy: allow steady-clock
  if (!wrong.empty())
    throw std::runtime_error(std::string(of.id) + " " + std::string(of.name) + " on " + std::string(on) +
                             " went wrong: " + wrong);
  return std::chrono::duration<double>(ended - began).count();
}

double on_troupe(const program& what, const request& asked, std::uint64_t seed) {
  runtime_options options;
  options.workers = asked.workers;
  runtime here{options};
  return timed(what, "troupe", [&] {
    auto ended = here.run(what.run, scale::full, setting{.capacity = asked.capacity, .seed = seed});
    return ended.value().text();
  });
}

double on_caf_actors(const program& what, on_caf::program run, const request& asked, std::uint64_t seed) {
  caf::actor_system_config options;
  options.set("scheduler.max-threads", asked.workers);
  caf::actor_system here{options};
  return timed(what, "CAF", [&] { return run(here, seed); });
}

double median(std::vector<double> of) {
  std::sort(of.begin(), of.end());
  return of[of.size() / 2];
}

void compare(const program& what, on_caf::program run, const request& asked) {
  std::vector<double> troupes, cafs;
  for (std::size_t round = 1; round <= asked.rounds; ++round) {
    troupes.push_back(on_troupe(what, asked, round));
    cafs.push_back(on_caf_actors(what, run, asked, round));
  }
  const double ours = median(troupes), theirs = median(cafs);
  std::printf("%s %-12s %9.3f s %9.3f s   %5.2f x\n", std::string(what.id).c_str(), std::string(what.name).c_str(),
              ours, theirs, theirs / ours);
  std::fflush(stdout);
}

int run_it(const std::vector<std::string_view>& arguments) {
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h"))
    return usage(stdout);
  request asked;
  if (const int wrong = read(arguments, asked); wrong != 0)
    return wrong;
  std::printf("%-18s %11s %11s   %s\n", "", "troupe", "CAF", "how many times faster");
  for (std::size_t i = 0; i < programs().size(); ++i) {
    const program& each = programs()[i];
    if (asked.ids.empty() || std::find(asked.ids.begin(), asked.ids.end(), each.id) != asked.ids.end())
      compare(each, caf_programs[i], asked);
  }
  return 0;
}

} // namespace

} // namespace troupe::savina

int main(int argc, char** argv) {
  try {
    return troupe::savina::run_it({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "troupe_savina: %s\n", error.what());
    return 1;
  }
}
