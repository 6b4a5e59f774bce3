#include <troupe/testing/chrome_trace.hpp>

#include <tests/catch.hpp>
#include <tests/testing/crashing_actors.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::tests;

namespace {

using json = nlohmann::json;

/// A chrome trace as a viewer reads it. It requires what each of them must be able to rely on.
class viewed {
public:
  explicit viewed(const trace& run) {
    const json whole = json::parse(to_chrome_trace(run));
    CHECK(whole.at("displayTimeUnit") == "ns");
    double last = 0;
    for (const json& each : whole.at("traceEvents")) {
      CHECK(each.at("pid") == 1);
      if (each.at("ph") == "M") {
        if (each.at("name") == "thread_name")
          names_[each.at("tid")] = each.at("args").at("name");
        continue;
      }
      CHECK(each.at("ts").get<double>() >= last);
      last = each.at("ts");
      read(each);
    }
    for (const auto& [track, open] : open_) {
      INFO(names_[track]);
      CHECK(open.empty());
    }
  }

  std::uint64_t track(const std::string& path) const {
    const auto found =
        std::find_if(names_.begin(), names_.end(), [&](const auto& each) { return each.second == path; });
    REQUIRE(found != names_.end());
    return found->first;
  }
  /// What is begun in a track, in its order.
  std::vector<std::string> begun(const std::string& path, const std::string& with = "") const {
    std::vector<std::string> all;
    for (const json& each : slices_)
      if (each.at("tid") == track(path) && each.at("name").get<std::string>().find(with) == 0)
        all.push_back(each.at("name"));
    return all;
  }
  std::vector<std::string> instants(const std::string& path) const {
    std::vector<std::string> all;
    for (const json& each : instants_)
      if (each.at("tid") == track(path))
        all.push_back(each.at("name"));
    return all;
  }
  /// When the last slice of a track ends.
  double ended(const std::string& path) const { return ended_.at(track(path)); }
  const std::vector<json>& slices() const { return slices_; }
  /// The points of each arrow, in their order.
  const std::map<std::uint64_t, std::vector<json>>& arrows() const { return arrows_; }

private:
  void read(const json& each) {
    std::vector<std::string>& open = open_[each.at("tid")];
    const std::string phase = each.at("ph");
    if (phase == "B") {
      open.push_back(each.at("name"));
      CHECK(open.size() <= 2); // a run, and what the fiber does in it
      slices_.push_back(each);
    } else if (phase == "E") {
      REQUIRE_FALSE(open.empty());
      open.pop_back();
      ended_[each.at("tid")] = each.at("ts");
    } else if (phase == "i") {
      CHECK(each.at("s") == "t");
      instants_.push_back(each);
    } else {
      CHECK_FALSE(open.empty()); // an arrow goes from slice to slice
      std::vector<json>& points = arrows_[each.at("id")];
      CHECK(phase == (points.empty() ? "s" : phase == "f" ? "f" : "t"));
      if (!points.empty())
        CHECK(points.back().at("ph") != "f");
      points.push_back(each);
    }
  }

  std::map<std::uint64_t, std::string> names_;
  std::map<std::uint64_t, std::vector<std::string>> open_;
  std::map<std::uint64_t, double> ended_;
  std::vector<json> slices_;
  std::vector<json> instants_;
  std::map<std::uint64_t, std::vector<json>> arrows_;
};

} // namespace

TEST_CASE("a chrome trace has a track for each fiber, with what it waits for and each run of a supervised child",
          "[testing]") {
  const kept_run run{crashing_actors};
  const viewed seen{run.seen()};
  CHECK(seen.begun("/bank", "run ") == std::vector<std::string>{"run 1", "run 2"});
  CHECK(seen.begun("/1:customer", "waits") == std::vector<std::string>{"waits to ask (mailbox 4 of /bank)",
                                                                       "waits to sleep",
                                                                       "waits to ask (mailbox 4 of /bank)"});
  CHECK(seen.begun("/1:customer", "runs").size() >= 4);
  CHECK(seen.begun("/", "waits to join its children").size() == 2); // of its group, and of its supervisor's
  const std::vector<std::string> instants = seen.instants("/bank");
  CHECK(instants == std::vector<std::string>{"starts", "is ready", "failed: no #money; \"none\"", "restarts at once",
                                             "starts", "is ready", "is cancelled: shutdown",
                                             "is asked to stop, and has 5 s", "has stopped", "is no child any more"});
}

TEST_CASE("what a fiber does goes on in its track where a run of it begins or ends, until the fiber has ended",
          "[testing]") {
  const kept_run run{crashing_actors};
  const viewed seen{run.seen()};
  const std::vector<std::string> bank = seen.begun("/bank");
  for (std::size_t i = 0; i != bank.size(); ++i)
    if (bank[i].find("run ") == 0) {
      REQUIRE(i != 0);
      REQUIRE(i + 1 != bank.size());
      CHECK(bank[i + 1] == bank[i - 1]);
    }
  CHECK(seen.ended("/1:customer") < seen.ended("/bank"));
  CHECK(seen.ended("/bank") < seen.ended("/"));
}

TEST_CASE("steps at one instant are drawn one after the other, none of them without length, near their time",
          "[testing]") {
  const kept_run run{crashing_actors};
  const viewed seen{run.seen()};
  std::vector<json> steps;
  std::copy_if(seen.slices().begin(), seen.slices().end(), std::back_inserter(steps),
               [](const json& each) { return each.at("name") == "runs"; });
  REQUIRE(steps.size() == run.seen().slices().size());
  for (std::size_t i = 0; i != steps.size(); ++i) {
    const double seconds = steps[i].at("args").at("seconds");
    CHECK(steps[i].at("ts").get<double>() >= seconds * 1e6);
    CHECK(steps[i].at("ts").get<double>() < seconds * 1e6 + 1);
    if (i != 0) {
      CHECK(steps[i].at("ts").get<double>() > steps[i - 1].at("ts").get<double>());
      CHECK(steps[i].at("args").at("step") > steps[i - 1].at("args").at("step"));
    }
  }
}

TEST_CASE("an arrow of a chrome trace goes from a send to who takes the item, and from an ask to its answer and back",
          "[testing]") {
  const kept_run run{crashing_actors};
  const viewed seen{run.seen()};
  const std::uint64_t bank = seen.track("/bank");
  const std::uint64_t customer = seen.track("/1:customer");
  std::vector<std::string> told;
  for (const auto& [id, points] : seen.arrows()) {
    REQUIRE(points.size() >= 2);
    CHECK(points.back().at("ph") == "f");
    told.push_back(points.front().at("name"));
    CHECK(points.front().at("tid") == customer);
    if (told.back() == "send") {
      CHECK(points.size() == 2);
      CHECK(points.back().at("tid") == bank);
    } else {
      REQUIRE(points.size() == 4);
      CHECK(points[1].at("tid") == bank);
      CHECK(points[2].at("tid") == bank);
      CHECK(points[2].at("ts").get<double>() - points[1].at("ts").get<double>() == Approx(5'000).margin(1));
      CHECK(points[3].at("tid") == customer);
    }
  }
  CHECK(told == std::vector<std::string>{"send", "ask", "send", "ask"});
}

TEST_CASE("a chrome trace holds together whatever strikes a run", "[testing]") {
  const scenario what{crashing_actors};
  detail::scenario_run run{what, 100'000};
  for (const fault each : {fault::crash, fault::cancel, fault::cancel_all, fault::failing_start})
    for (std::uint64_t at = 0;; ++at) {
      INFO(to_string(each) << " at " << at);
      const auto ended = run.run({{clock_mode::race, 1, {}}, nullptr, swept_fault{each, at}, 0, true});
      const viewed seen{run.seen()};
      CHECK(seen.slices().size() > 1);
      if (!ended.fault_had_its_turn)
        break;
    }
}
