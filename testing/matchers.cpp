#include <troupe/observe/words.hpp>
#include <troupe/testing/matchers.hpp>
#include <troupe/testing/path_names.hpp>

#include <algorithm>
#include <map>

namespace troupe {

namespace {

std::size_t restarts_of(const trace& run, std::string_view path) {
  return static_cast<std::size_t>(std::count_if(run.tree().begin(), run.tree().end(), [&](const tree_record& each) {
    return each.kind == tree_event_kind::restarting && detail::is_named(path, each.path);
  }));
}

matcher restarts_that(std::string_view path, std::string words, std::function<bool(std::size_t)> fits) {
  return matcher{[path = std::string(path), words = std::move(words), fits = std::move(fits)](const trace& run) {
    const std::size_t times = restarts_of(run, path);
    return fits(times) ? "" : path + " was started anew " + std::to_string(times) + " times, not " + words;
  }};
}

bool is_end(tree_event_kind kind) noexcept {
  return kind == tree_event_kind::ended || kind == tree_event_kind::stopped || kind == tree_event_kind::abandoned;
}

} // namespace

// ---- patterns --------------------------------------------------------------------------------------------------------

tree_pattern& tree_pattern::with(exit_kind how) {
  how_ = how;
  return *this;
}

tree_pattern& tree_pattern::in_run(std::uint64_t incarnation) {
  incarnation_ = incarnation;
  words_ += " in its run " + std::to_string(incarnation);
  return *this;
}

bool tree_pattern::matches(const tree_record& happened) const noexcept {
  return happened.kind == kind_ && detail::is_named(path_, happened.path) && (!how_ || happened.reason.kind == *how_) &&
         (!incarnation_ || happened.incarnation == *incarnation_);
}

tree_pattern started(std::string_view path) { return {std::string(path) + " starts", tree_event_kind::started, path}; }
tree_pattern ended(std::string_view path) { return {std::string(path) + " ends", tree_event_kind::ended, path}; }
tree_pattern crashed(std::string_view path) {
  return tree_pattern{std::string(path) + " crashes", tree_event_kind::ended, path}.with(exit_kind::failed);
}
tree_pattern restarting(std::string_view path) {
  return {std::string(path) + " is to be started anew", tree_event_kind::restarting, path};
}
tree_pattern stopped(std::string_view path) { return {std::string(path) + " stops", tree_event_kind::stopped, path}; }
tree_pattern killed(std::string_view path) { return {std::string(path) + " is killed", tree_event_kind::killed, path}; }
tree_pattern abandoned(std::string_view path) {
  return {std::string(path) + " is abandoned", tree_event_kind::abandoned, path};
}
tree_pattern gave_up(std::string_view supervisor) {
  return {std::string(supervisor) + " gives up", tree_event_kind::gave_up, supervisor};
}

// ---- matchers --------------------------------------------------------------------------------------------------------

matcher restarted(std::string_view path, std::size_t times) {
  return restarts_that(path, std::to_string(times), [times](std::size_t found) { return found == times; });
}
matcher restarted_at_least(std::string_view path, std::size_t times) {
  return restarts_that(path, "at least " + std::to_string(times),
                       [times](std::size_t found) { return found >= times; });
}
matcher restarted_at_most(std::string_view path, std::size_t times) {
  return restarts_that(path, "at most " + std::to_string(times), [times](std::size_t found) { return found <= times; });
}

matcher restarts_within(std::size_t most, duration period) {
  return matcher{[most, period](const trace& run) -> std::string {
    std::map<std::string, std::vector<instant>> by_supervisor;
    for (const tree_record& each : run.tree()) {
      if (each.kind != tree_event_kind::restarting)
        continue;
      const std::string supervisor = each.path.substr(0, each.path.rfind('/'));
      std::vector<instant>& times = by_supervisor[supervisor];
      times.push_back(each.time);
      const auto within =
          std::count_if(times.begin(), times.end(), [&](instant at) { return each.time - at <= period; });
      if (static_cast<std::size_t>(within) > most)
        return (supervisor.empty() ? "/" : supervisor) + " has " + std::to_string(within) + " restarts within " +
               detail::in_words(period) + ", and should have " + std::to_string(most) + " at most";
    }
    return {};
  }};
}

matcher stopped_in_order(std::initializer_list<std::string_view> paths) {
  std::vector<std::string> names(paths.begin(), paths.end());
  return matcher{[names = std::move(names)](const trace& run) -> std::string {
    std::size_t before = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::size_t last = 0; // one more than its index
      for (std::size_t at = 0; at < run.tree().size(); ++at)
        if (is_end(run.tree()[at].kind) && detail::is_named(names[i], run.tree()[at].path))
          last = at + 1;
      if (last == 0)
        return names[i] + " has not ended";
      if (last < before)
        return names[i] + " has ended before " + names[i - 1];
      before = last;
    }
    return {};
  }};
}

matcher escalated(std::string_view supervisor) { return happened(gave_up(supervisor)); }

matcher happened(const tree_pattern& what) {
  return matcher{[what](const trace& run) -> std::string {
    const bool found =
        std::any_of(run.tree().begin(), run.tree().end(), [&](const tree_record& each) { return what.matches(each); });
    return found ? "" : "this did not happen: " + what.words();
  }};
}

matcher never(const tree_pattern& what) {
  return matcher{[what](const trace& run) -> std::string {
    const auto found =
        std::find_if(run.tree().begin(), run.tree().end(), [&](const tree_record& each) { return what.matches(each); });
    return found == run.tree().end() ? ""
                                     : "this should not have happened, and did, after " +
                                           detail::in_words(found->time.time_since_epoch()) + ": " + what.words();
  }};
}

matcher in_sequence(std::initializer_list<tree_pattern> all) {
  std::vector<tree_pattern> patterns(all);
  return matcher{[patterns = std::move(patterns)](const trace& run) -> std::string {
    auto from = run.tree().begin();
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      from = std::find_if(from, run.tree().end(), [&](const tree_record& each) { return patterns[i].matches(each); });
      if (from == run.tree().end())
        return "this did not happen: " + patterns[i].words() + (i != 0 ? ", after: " + patterns[i - 1].words() : "");
      ++from;
    }
    return {};
  }};
}

matcher within(duration limit, const tree_pattern& cause, const tree_pattern& effect) {
  return matcher{[limit, cause, effect](const trace& run) -> std::string {
    for (auto at = run.tree().begin(); at != run.tree().end(); ++at) {
      if (!cause.matches(*at))
        continue;
      const auto found = std::find_if(at, run.tree().end(), [&](const tree_record& each) {
        return effect.matches(each) && each.time - at->time <= limit;
      });
      if (found == run.tree().end())
        return "this did not happen within " + detail::in_words(limit) + ": " + effect.words() +
               ", after: " + cause.words();
    }
    return {};
  }};
}

matcher caused_by(const tree_pattern& effect, const tree_pattern& cause) {
  return matcher{[effect, cause](const trace& run) -> std::string {
    std::size_t causes = 0;
    for (const tree_record& each : run.tree()) {
      if (cause.matches(each))
        ++causes;
      if (!effect.matches(each))
        continue;
      if (causes == 0)
        return "this happened: " + effect.words() + ", and before it there was not: " + cause.words();
      --causes;
    }
    return {};
  }};
}

matcher any_of(std::initializer_list<matcher> all) {
  std::vector<matcher> matchers(all);
  return matcher{[matchers = std::move(matchers)](const trace& run) {
    std::string problems;
    for (const matcher& each : matchers) {
      const std::string problem = each.problem(run);
      if (problem.empty())
        return problem;
      problems += (problems.empty() ? "" : "; nor: ") + problem;
    }
    return problems;
  }};
}

void expect(simulation& in, std::initializer_list<matcher> all) {
  for (const matcher& each : all)
    in.at_end([each, &in] { return each.problem(in.seen()); });
}

} // namespace troupe
