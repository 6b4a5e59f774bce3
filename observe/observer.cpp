#include <troupe/observe/live_server.hpp>
#include <troupe/observe/observer.hpp>
#include <troupe/observe/request_check.hpp>
#include <troupe/scope/assert.hpp>

#include <stdexcept>

namespace troupe {

namespace {

constexpr std::string_view action_names[] = {"crash", "cancel", "restart"};

const observer_options& checked(const observer_options& options) {
  if (options.control && !is_loopback(options.host))
    throw std::invalid_argument("an observer with `control` listens on a loopback address, as 127.0.0.1: there are no "
                                "passwords, and others could reach " +
                                options.host);
  return options;
}

} // namespace

std::string_view to_string(control_action action) noexcept { return action_names[static_cast<std::size_t>(action)]; }

std::optional<control_action> control_action_of(std::string_view name) noexcept {
  for (const auto each : {control_action::crash, control_action::cancel, control_action::restart})
    if (to_string(each) == name)
      return each;
  return std::nullopt;
}

class observer::state {
public:
  explicit state(const observer_options& options)
      : control(checked(options).control), feed(options.pause, options.clients_max, options.events_max,
                                                options.children_max, options.next, options.looks_always),
        server(feed, options.host, options.port, options.control, options.clients_max) {}

  const bool control;
  live_feed feed;
  live_server server;
};

observer::observer(const observer_options& options) : state_(std::make_unique<state>(options)) {}
observer::~observer() = default;

event_sink& observer::sink() noexcept { return state_->feed.events(); }
std::string observer::url() const { return state_->server.url(); }

observer::attachment observer::attach(observed what) {
  TROUPE_ASSERT(what.tree != nullptr, "an observer was attached to nothing: give it a function that makes a snapshot");
  state_->feed.attach(std::move(what), state_->control);
  return attachment{*this};
}

void observer::let_go() noexcept { state_->feed.let_go(); }

} // namespace troupe
