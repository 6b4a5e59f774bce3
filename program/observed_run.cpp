#include <troupe/program/observed_run.hpp>

#include <fmt/format.h>

namespace troupe::tools {

void observe_command_line::add_options(CLI::App& to) {
  observe_given_ = to.add_option("--observe", port_, "serve a live view on 127.0.0.1:PORT [any that is free]")
                       ->type_name("[PORT]")
                       ->expected(0, 1);
  to.add_flag("--control", control_, "the view has buttons to crash, cancel and restart children")
      ->needs(observe_given_);
}

observe_options observe_command_line::asked() const {
  observe_options asked;
  if (observe_given_->count() != 0)
    asked.port = port_;
  asked.control = control_;
  return asked;
}

std::unique_ptr<observer> make_observer(const observe_options& asked, event_sink* next) {
  if (!asked.port)
    return nullptr;
  auto live = std::make_unique<observer>(observer_options{.port = *asked.port, .control = asked.control, .next = next});
  say(fmt::format("troupe: watch it at {}\n", live->url()));
  return live;
}

} // namespace troupe::tools
