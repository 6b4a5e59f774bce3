#include <troupe/observe/live_feed.hpp>
#include <troupe/scope/signals_masked.hpp>
#include <troupe/scope/steady_time.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

namespace troupe {

namespace {

// So many clients get each frame; with more of them there are fewer frames, so that all together cost as much.
constexpr std::size_t clients_at_full_rate = 40;

std::string message(std::string_view name, const std::string& data) {
  return std::string("event: ").append(name).append("\ndata: ").append(data).append("\n\n");
}

} // namespace

live_feed::live_feed(duration pause, std::size_t clients_max, std::size_t events_max, std::size_t children_max,
                     event_sink* next, bool looks_always)
    : pause_(pause), clients_max_(clients_max), looks_always_(looks_always), began_(steady_time::real_now()),
      run_(std::to_string(began_.time_since_epoch().count())), events_(events_max, next), scenes_(children_max) {
  const detail::signals_masked masked;
  thread_ = std::thread([this] { run(); });
}

live_feed::~live_feed() {
  stop();
  thread_.join();
}

void live_feed::stop() noexcept {
  const std::lock_guard held{mutex_};
  stopping_ = true;
  wanted_.notify_all();
  made_.notify_all();
}

void live_feed::attach(observed what, bool control) {
  const std::lock_guard held{looking_};
  control_ = control && what.control != nullptr;
  what_ = std::move(what);
  last_.reset();
}

void live_feed::let_go() noexcept {
  const std::lock_guard held{looking_};
  if (looks_always_ && what_) {
    try {
      last_ = scene_of(*what_, now());
    } catch (...) { // no memory: the frame before it is shown
    }
    if (last_ && last_->nodes.empty())
      last_.reset();
  }
  what_.reset();
}

scene_time live_feed::now() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady_time::real_now() - began_).count();
}

scene live_feed::scene_of(const observed& what, scene_time at) {
  scene made = scenes_.make(what.tree(), what.flows ? what.flows() : std::vector<flow_seen>(), at);
  made.title = what.title;
  made.control = control_;
  return made;
}

std::optional<std::string> live_feed::control(control_action action, std::string_view path) {
  const std::lock_guard held{looking_};
  if (!what_)
    return "the tree has ended";
  if (!control_)
    return "this tree takes no orders";
  return what_->control(action, path);
}

duration live_feed::pause_of(std::size_t clients) const noexcept {
  const auto times = static_cast<duration::rep>(std::max(clients, clients_at_full_rate));
  return pause_ * times / static_cast<duration::rep>(clients_at_full_rate);
}

void live_feed::run() noexcept {
  std::unique_lock held{mutex_};
  instant next{};
  for (;;) {
    wanted_.wait(held, [this] { return stopping_ || looks_always_ || counts_.clients != 0 || asked_ != answered_; });
    wanted_.wait_until(held, next, [this] { return stopping_; });
    if (stopping_)
      return;
    const std::uint64_t asked = asked_;
    const std::shared_ptr<const live_frame> before = frame_;
    const duration pause = pause_of(counts_.clients);
    held.unlock();
    const instant began = steady_time::real_now();
    next = began + pause;
    std::shared_ptr<const live_frame> made;
    try {
      made = make(before.get());
    } catch (...) { // no memory: perhaps the next time
    }
    held.lock();
    counts_.look_seconds += std::chrono::duration<double>(steady_time::real_now() - began).count();
    ++(made ? counts_.frames : counts_.failed_looks);
    if (made)
      frame_ = std::move(made);
    answered_ = asked;
    made_.notify_all();
  }
}

std::shared_ptr<const live_frame> live_feed::make(const live_frame* before) {
  auto made = std::make_shared<live_frame>();
  {
    const std::lock_guard held{looking_};
    const scene_time at = now();
    if (what_) {
      made->seen = scene_of(*what_, at);
    } else if (last_ || before != nullptr) {
      made->seen = last_ ? *last_ : before->seen;
      made->seen.at = at;
      made->seen.attached = made->seen.control = false;
    }
  }
  made->parts = parts_of(made->seen);
  made->number = before != nullptr ? before->number + 1 : 1;
  const std::lock_guard held{mutex_}; // the history of events is read by others
  events_.collect();
  made->event_last = events_.newest();
  if (before == nullptr)
    return made;
  if (const std::string changes = difference(before->parts, made->parts); !changes.empty())
    made->message = message("change", changes);
  if (made->event_last != before->event_last)
    made->message += message_of_events(made->event_last, events_.since(before->event_last));
  return made;
}

/// With an id, by which a client comes back: it has all events up to there.
std::string live_feed::message_of_events(std::uint64_t last, const std::vector<const noted_event*>& events) const {
  return "id: " + run_ + '.' + std::to_string(last) + '\n' + message("events", to_json(events, began_));
}

std::string live_feed::message_of_all(const live_frame& frame, std::uint64_t event) const {
  std::vector<const noted_event*> events = events_.since(event);
  while (!events.empty() && events.back()->sequence > frame.event_last)
    events.pop_back();
  return message("state", "{\"run\":\"" + run_ + "\"," + to_json(frame.parts).substr(1)) +
         message_of_events(frame.event_last, events);
}

std::unique_ptr<live_feed::follower> live_feed::follow() {
  const std::lock_guard held{mutex_};
  if (counts_.clients >= clients_max_ || stopping_)
    return nullptr;
  auto made = std::make_unique<follower>(*this);
  ++counts_.clients;
  wanted_.notify_all();
  return made;
}

void live_feed::unfollow() noexcept {
  const std::lock_guard held{mutex_};
  --counts_.clients;
}

void live_feed::follower::resume(std::string_view last_event_id) {
  const std::size_t dot = last_event_id.find('.');
  if (dot == last_event_id.npos || last_event_id.substr(0, dot) != of_.run_)
    return;
  const std::string_view number = last_event_id.substr(dot + 1);
  std::from_chars(number.data(), number.data() + number.size(), event_);
}

std::optional<std::string> live_feed::follower::next(duration patience) {
  const instant until = steady_time::real_now() + patience;
  std::unique_lock held{of_.mutex_};
  // Its first frame is made after it came: one from before may be old.
  const std::uint64_t asked = frame_ == 0 ? ++of_.asked_ : 0;
  if (asked != 0)
    of_.wanted_.notify_all();
  for (;;) {
    const bool there = of_.made_.wait_until(held, until, [&] {
      return of_.stopping_ || (of_.frame_ && of_.frame_->number > frame_ && of_.answered_ >= asked);
    });
    if (of_.stopping_)
      return std::nullopt;
    if (!there)
      return ": nothing has changed\n\n";
    const std::shared_ptr<const live_frame> frame = of_.frame_;
    const bool has_the_one_before = frame_ != 0 && frame_ + 1 == frame->number;
    frame_ = frame->number;
    if (!has_the_one_before) {
      std::string all = of_.message_of_all(*frame, event_);
      event_ = frame->event_last;
      return all;
    }
    event_ = frame->event_last;
    if (!frame->message.empty()) {
      held.unlock(); // all who follow come here at once
      return frame->message;
    }
  }
}

std::shared_ptr<const live_frame> live_feed::look(duration patience) {
  const instant until = steady_time::real_now() + patience;
  std::unique_lock held{mutex_};
  const std::uint64_t asked = ++asked_;
  wanted_.notify_all();
  const bool made = made_.wait_until(held, until, [&] { return stopping_ || (frame_ && answered_ >= asked); });
  return made && !stopping_ ? frame_ : nullptr;
}

live_counts live_feed::counts() const {
  const std::lock_guard held{mutex_};
  return counts_;
}

} // namespace troupe
