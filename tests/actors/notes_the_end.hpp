// A watcher of an actor's life that writes down how it has ended.

#pragma once

#include <troupe/actors/actor_life.hpp>

#include <string>

namespace troupe::tests {

class notes_the_end final : public detail::life_watcher {
public:
  static detail::counted_pointer<notes_the_end> in(std::string& log) {
    return detail::counted_pointer<notes_the_end>::owning(new notes_the_end{log});
  }

private:
  explicit notes_the_end(std::string& log) : log_(log) {}

  void life_is_over(const outcome<>& how) noexcept override {
    log_ += how.has_error() ? "failed " : how.cancelled() ? "cancelled " : "returned ";
  }

  std::string& log_;
};

} // namespace troupe::tests
