#include <troupe/program/output.hpp>
#include <troupe/program/progress_line.hpp>

#include <unistd.h>
#include <utility>

namespace troupe::tools {

namespace {

constexpr std::string_view erase_line = "\r\x1b[K";
constexpr duration plain_pause_min = std::chrono::seconds{1};
constexpr std::size_t width_when_unknown = 80;

std::size_t terminal_width() noexcept { return columns_of(STDERR_FILENO).value_or(width_when_unknown); }

} // namespace

progress_screen progress_screen::standard_error() { return {can_redraw(STDERR_FILENO), &terminal_width, &tell}; }

void progress_line::show(std::string_view text, instant now) {
  const std::lock_guard held{mutex_};
  if (screen_.redraws) {
    shown_ = text;
    draw();
  } else if (!plain_at_ || now - *plain_at_ >= plain_pause_min) {
    plain_at_ = now;
    screen_.write(std::string(text) + '\n');
  }
}

void progress_line::message(std::string_view text) {
  const std::lock_guard held{mutex_};
  if (shown_.empty())
    return screen_.write(std::string(text) + '\n');
  screen_.write(std::string(erase_line) + std::string(text) + '\n');
  draw();
}

void progress_line::finish(std::string_view last, instant now) {
  if (!screen_.redraws)
    return show(last, now);
  const std::lock_guard held{mutex_};
  if (!std::exchange(shown_, {}).empty())
    screen_.write(erase_line);
}

void progress_line::draw() {
  // The last column stays free: a full line would wrap on some terminals.
  const std::size_t width = screen_.width();
  screen_.write(std::string(erase_line) + shown_.substr(0, width > 1 ? width - 1 : 0));
}

} // namespace troupe::tools
