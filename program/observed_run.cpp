#include <troupe/program/number_option.hpp>
#include <troupe/program/observed_run.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace troupe::tools {

void observe_command_line::add_options(CLI::App& to) {
  observe_given_ =
      add_number(to, "--observe", port_, 0, 65'535, "serve a live view on 127.0.0.1:PORT [any that is free]")
          ->type_name("[PORT]")
          ->expected(0, 1)
          ->default_str("0");
  to.add_flag("--control", control_, "the view has buttons to crash, cancel and restart children")
      ->needs(observe_given_);
  to.add_flag("--keep", keep_, "serve its last state on after its end, until Ctrl-C [on a terminal]")
      ->needs(observe_given_);
}

observe_options observe_command_line::asked() const {
  observe_options asked;
  if (observe_given_->count() != 0)
    asked.port = port_;
  asked.control = control_;
  asked.keep = keep_;
  return asked;
}

live_view::live_view(const observe_options& asked, event_sink* next, std::function<bool()> is_ending)
    : is_ending_(std::move(is_ending)) {
  if (!asked.port)
    return;
  const bool keeps = asked.keep || isatty(STDOUT_FILENO) == 1;
  if (keeps)
    signals_.emplace({SIGINT, SIGTERM});
  try {
    live_.emplace(observer_options{.port = *asked.port, .control = asked.control, .next = next, .looks_always = keeps});
  } catch (const std::system_error& error) {
    throw std::runtime_error(fmt::format("{}\n  try:  --observe without a number takes a free port", error.what()));
  }
  say(fmt::format("troupe: watch it at {}{}\n", live_->url(), keeps ? ", also after its end, until Ctrl-C" : ""));
}

std::function<tree_snapshot()> live_view::lasting(std::function<tree_snapshot()> tree) const {
  if (!signals_)
    return tree;
  return [tree = std::move(tree), is_ending = is_ending_, kept = tree_snapshot{}]() mutable {
    tree_snapshot now = tree();
    if (now.nodes.empty())
      return kept;
    if (!is_ending || !is_ending()) // asked afterwards: it had not begun to end when that was seen
      kept = now;
    return now;
  };
}

void live_view::keep(const ended_tree& end) {
  if (!signals_ || end.signal != 0)
    return;
  say(fmt::format("troupe: it has ended; its last state is still at {}, until Ctrl-C\n", live_->url()));
  while (signals_->wait(std::chrono::hours{1}) == 0) {
  }
}

} // namespace troupe::tools
