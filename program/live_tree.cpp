#include <troupe/observe/scene_text.hpp>
#include <troupe/program/human_text.hpp>
#include <troupe/program/live_tree.hpp>
#include <troupe/scope/steady_time.hpp>

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <utility>

namespace troupe::tools {

namespace {

constexpr duration pause = std::chrono::milliseconds{100};

} // namespace

live_tree::live_tree(terminal_screen& on, observed what, std::vector<std::string> about)
    : on_(on), what_(std::move(what)), about_(std::move(about)), began_(steady_time::real_now()),
      scenes_(std::numeric_limits<std::size_t>::max()), // what does not fit is folded in the frame
      thread_([this] { draw(); }) {}

live_tree::~live_tree() {
  is_over_.store(true);
  terminal_screen::wake(thread_.native_handle());
  thread_.join();
}

void live_tree::draw() noexcept {
  for (;;) {
    on_.wait(pause);
    if (is_over_.load())
      return;
    try {
      if (on_.draw([this](const frame_shape& shape) { return frame(shape); }))
        return;                       // the terminal has gone
    } catch (const std::bad_alloc&) { // perhaps the next time
    }
  }
}

std::string live_tree::frame(const frame_shape& shape) {
  const duration took = steady_time::real_now() - began_;
  scene seen = scenes_.make(what_.tree(), what_.flows ? what_.flows() : std::vector<flow_seen>(),
                            std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  seen.title = fmt::format("{}  {:.1f} s", what_.title, std::chrono::duration<double>(took).count());
  std::string text;
  std::size_t lines = shape.lines;
  for (const std::string& each : about_) {
    const std::vector<std::string> lines_of_it = paragraph(each, shape.columns);
    if (3 * lines_of_it.size() > lines) // the tree says more
      break;
    text += fmt::format("{}\n", fmt::join(lines_of_it, "\n"));
    lines -= lines_of_it.size();
  }
  if (!text.empty()) {
    text += '\n';
    --lines;
  }
  return text + frame_text(seen, {shape.columns, lines, shape.colours});
}

} // namespace troupe::tools
