#include <troupe/observe/text_sink.hpp>
#include <troupe/observe/words.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/testing/chrome_trace.hpp>
#include <troupe/testing/event_words.hpp>
#include <troupe/testing/messages.hpp>
#include <troupe/testing/trace_walk.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

namespace {

using json = nlohmann::ordered_json;

/// What is drawn of one fiber now: a run of a child, and in it what the fiber does.
struct track {
  std::string name;
  std::optional<json> run;
  std::optional<json> activity;
};

/// A point of an arrow.
struct arrow_point {
  std::size_t arrow;
  const char* phase; // s, t, f: its beginning, a point on its way, its end
  std::uint64_t fiber;
  const char* name;
};

class chrome_writer {
public:
  explicit chrome_writer(const trace& run) : run_(run), messages_(run) {
    for (std::size_t i = 0; i != messages_.all().size(); ++i)
      note_arrow(messages_.all()[i], i + 1); // some readers take 0 for none
  }

  void begins(const slice_record& slice) {
    at(slice.time);
    does(slice.fiber, "runs", {{"step", slice.step}});
  }
  void ends(const slice_record& slice) {
    if (const auto& activity = track_of(slice.fiber).activity; activity && (*activity)["name"] == "runs") {
      at(now_);
      does(slice.fiber, "is ready", json::object()); // it let others go first
    }
  }
  void happened(const event& told, std::size_t index);
  void happened(const tree_record& told);

  std::string text() {
    at(now_);
    for (auto& [fiber, of] : tracks_)
      close(fiber, of);
    json all = json::array();
    for (const auto& [fiber, of] : tracks_) {
      all.push_back(named(fiber, "thread_name", {{"name", of.name}}));
      all.push_back(named(fiber, "thread_sort_index", {{"sort_index", fiber}}));
    }
    all.push_back(named(0, "process_name", {{"name", "troupe, in virtual time"}}));
    for (json& each : events_)
      all.push_back(std::move(each));
    const json whole{{"displayTimeUnit", "ns"}, {"traceEvents", std::move(all)}};
    return whole.dump(-1, ' ', false, json::error_handler_t::replace) + '\n'; // a name may be no UTF-8
  }

private:
  void note_arrow(const detail::message_record& of, std::size_t number);
  void wait_begins(const event& told);

  /// What comes next is at this time, and after all before.
  void at(instant time) {
    now_ = time;
    drawn_ =
        std::max(drawn_ + 1, std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
  }
  json made(const char* phase, std::uint64_t fiber) const {
    return {{"ph", phase}, {"pid", 1}, {"tid", fiber}, {"ts", static_cast<double>(drawn_) / 1000}};
  }
  static json named(std::uint64_t fiber, const char* what, json args) {
    return {{"ph", "M"}, {"pid", 1}, {"tid", fiber}, {"name", what}, {"args", std::move(args)}};
  }
  track& track_of(std::uint64_t fiber) {
    track& of = tracks_[fiber];
    if (of.name.empty())
      of.name = detail::in_one_line(run_.path_of(fiber));
    return of;
  }
  void open(std::uint64_t fiber, const json& slice) {
    json event = made("B", fiber);
    event.update(slice);
    events_.push_back(std::move(event));
  }
  void close(std::uint64_t fiber, track& of) {
    if (std::exchange(of.activity, std::nullopt))
      events_.push_back(made("E", fiber));
    if (std::exchange(of.run, std::nullopt))
      events_.push_back(made("E", fiber));
  }
  json slice(std::string name, json args) const {
    args["seconds"] = std::chrono::duration<double>(now_.time_since_epoch()).count();
    return {{"name", std::move(name)}, {"args", std::move(args)}};
  }
  void does(std::uint64_t fiber, std::string what, json args) {
    track& of = track_of(fiber);
    if (of.activity)
      events_.push_back(made("E", fiber));
    of.activity = slice(std::move(what), std::move(args));
    open(fiber, *of.activity);
  }
  /// Slices of one track lie in each other, so what the fiber does is cut in two.
  void is_run_number(std::uint64_t fiber, std::optional<std::uint64_t> incarnation) {
    track& of = track_of(fiber);
    const std::optional<json> activity = of.activity;
    close(fiber, of);
    if (incarnation)
      open(fiber, *(of.run = slice("run " + std::to_string(*incarnation), json::object())));
    if (activity)
      open(fiber, *(of.activity = activity));
  }
  void point_out(std::uint64_t fiber, std::string what) {
    track_of(fiber);
    json event = made("i", fiber);
    event["s"] = "t";
    event.update(slice(std::move(what), json::object()));
    events_.push_back(std::move(event));
  }

  const trace& run_;
  const detail::messages messages_;
  std::multimap<std::size_t, arrow_point> arrows_; // by the event at which they are drawn
  std::map<std::uint64_t, track> tracks_;          // by fiber
  std::vector<json> events_;
  instant now_{};
  std::int64_t drawn_ = -1; // nanoseconds: where the last one is
};

void chrome_writer::note_arrow(const detail::message_record& of, std::size_t number) {
  std::vector<detail::moment> points{of.sent};
  for (const auto& each : {of.ask != 0 ? of.begun : of.received, of.answered, of.ended})
    if (each)
      points.push_back(*each);
  if (points.size() == 1)
    return;
  for (std::size_t i = 0; i != points.size(); ++i)
    arrows_.emplace(points[i].event, arrow_point{number,
                                                 i == 0                   ? "s"
                                                 : i + 1 == points.size() ? "f"
                                                                          : "t",
                                                 points[i].fiber, of.ask != 0 ? "ask" : "send"});
}

void chrome_writer::wait_begins(const event& told) {
  std::string what = "waits to " + std::string(run_.wait_of(told.cause));
  if (messages_.is_mailbox(told.object))
    what += " (" + messages_.mailbox_name(run_, told.object) + ")";
  else if (tracks_.find(told.object) != tracks_.end())
    what += " (" + run_.path_of(told.object) + ")";
  does(told.subject, detail::in_one_line(what), {{"object", told.object}});
}

void chrome_writer::happened(const event& told, std::size_t index) {
  at(told.time);
  switch (told.kind) {
  case event_kind::fiber_started:
    does(told.object, "is ready", json::object());
    break;
  case event_kind::wait_begun:
    wait_begins(told);
    break;
  case event_kind::wait_granted:
  case event_kind::wait_stopped:
    does(told.subject, "is ready", {{"wait", told.kind == event_kind::wait_granted ? "granted" : "stopped"}});
    break;
  default:
    break;
  }
  if (std::string words = detail::in_words(told); !words.empty())
    point_out(detail::told_of(told), std::move(words));
  const auto [first, last] = arrows_.equal_range(index);
  for (auto each = first; each != last; ++each) {
    json point = made(each->second.phase, each->second.fiber);
    point.update({{"cat", "message"}, {"id", each->second.arrow}, {"name", each->second.name}, {"bp", "e"}});
    events_.push_back(std::move(point));
  }
  if (told.kind == event_kind::fiber_ended)
    close(told.object, track_of(told.object));
}

void chrome_writer::happened(const tree_record& told) {
  at(told.time);
  std::string words =
      detail::in_words(tree_event{told.time, told.kind, told.path, told.incarnation, told.reason, told.wait});
  if (told.kind == tree_event_kind::begun)
    is_run_number(told.child, told.incarnation);
  point_out(told.child, told.kind == tree_event_kind::gave_up ? "its supervisor " + words : std::move(words));
  if (told.kind == tree_event_kind::ended || told.kind == tree_event_kind::stopped)
    is_run_number(told.child, std::nullopt);
}

} // namespace

std::string to_chrome_trace(const trace& run) {
  TROUPE_ASSERT(run.keeps_all(), "a trace is to be written that has not kept all that has happened");
  chrome_writer writer{run};
  detail::walk(run, writer);
  return writer.text();
}

} // namespace troupe
