#include <troupe/program/human_text.hpp>
#include <troupe/program/progress_line.hpp>
#include <troupe/program/topology_screen.hpp>
#include <troupe/scope/signals_masked.hpp>
#include <troupe/scope/steady_time.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace troupe::tools {

namespace {

std::string text_of(const topology::running& all) {
  std::uint64_t handled = 0, dropped = 0, restarts = 0;
  std::string fullest;
  std::size_t most = 0;
  for (const topology::edge_counts& each : all.edges()) {
    handled += each.counts.handled;
    dropped += each.dropped();
    if (each.counts.depth > most) {
      most = each.counts.depth;
      fullest = fmt::format(", {} of {} wait at {}", most, each.counts.capacity, each.name);
    }
  }
  for (const topology::node_counts& each : all.nodes())
    restarts += each.restarts;
  return fmt::format("{} handled, {} dropped, {} restarts{}", handled, dropped, restarts, fullest);
}

} // namespace

topology_screen::topology_screen(const topology::running& of, bool plain) : of_(of), plain_(plain) {
  const troupe::detail::signals_masked inherited;
  thread_ = std::thread{[this] { show(); }};
}

topology_screen::~topology_screen() {
  {
    const std::lock_guard held{mutex_};
    is_over_ = true;
  }
  over_.notify_one();
  thread_.join();
}

void topology_screen::show() {
  progress_screen screen = progress_screen::standard_error();
  screen.redraws = screen.redraws && !plain_;
  progress_line line{std::move(screen)};
  std::unique_lock held{mutex_};
  while (!over_.wait_for(held, std::chrono::milliseconds{100}, [this] { return is_over_; }))
    line.show(text_of(of_), steady_time::real_now());
  line.finish(text_of(of_), steady_time::real_now());
}

} // namespace troupe::tools
