// troupe_savina [SV-01 ...]: the programs of the Savina suite at their full sizes, on troupe's actors and on CAF's own,
// in turn on as many workers, and one line for each with the medians.

#include "caf_programs.hpp"

#include <tests/savina/programs.hpp>

#include <troupe/runtime/runtime.hpp>

#include <CLI/CLI.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
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
  std::vector<std::string> ids; // none: all
  std::size_t rounds = 3;
  std::size_t workers = 2;
  std::size_t capacity = 100;
};

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

void read(int argc, char** argv, request& to) {
  CLI::App command{"Runs the programs of the Savina suite at their full sizes, on troupe's actors and on CAF's own, in "
                   "turn, each time in a new system, and prints the median seconds of both. Exit code 1 when something "
                   "else comes out than must.",
                   "troupe_savina"};
  std::string names = "The programs:\n";
  std::vector<std::string> known;
  for (const program& each : programs()) {
    known.emplace_back(each.id);
    names += "  " + std::string(each.id) + ' ' + std::string(each.name) + '\n';
  }
  command.footer(names);
  command.option_defaults()->always_capture_default();
  command.add_option("ID", to.ids, "Programs, as SV-01; all of them where none is named")->check(CLI::IsMember(known));
  command.add_option("--rounds", to.rounds, "Runs of each")->check(CLI::PositiveNumber);
  command.add_option("--workers", to.workers, "Threads of either system")->check(CLI::PositiveNumber);
  command.add_option("--capacity", to.capacity, "Of troupe's mailboxes; CAF's have no bound")
      ->check(CLI::PositiveNumber);
  try {
    command.parse(argc, argv);
  } catch (const CLI::ParseError& said) {
    std::exit(command.exit(said)); // it wanted help, or is told what is wrong
  }
}

void run_them(const request& asked) {
  std::printf("%-18s %11s %11s   %s\n", "", "troupe", "CAF", "how many times faster");
  for (std::size_t i = 0; i < programs().size(); ++i) {
    const program& each = programs()[i];
    if (asked.ids.empty() || std::find(asked.ids.begin(), asked.ids.end(), each.id) != asked.ids.end())
      compare(each, caf_programs[i], asked);
  }
}

} // namespace

} // namespace troupe::savina

int main(int argc, char** argv) {
  troupe::savina::request asked;
  troupe::savina::read(argc, argv, asked);
  try {
    troupe::savina::run_them(asked);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "troupe_savina: %s\n", error.what());
    return 1;
  }
}
