// (a) Fetchers find links, and the frontier gives those to the fetchers: messages in a circle, through small mailboxes.

#include <tests/scenarios/all_applications.hpp>
#include <tests/scenarios/fates.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/simulation/random.hpp>

#include <deque>
#include <set>

namespace troupe::tests {

namespace {

/// A page to fetch; `nobody_knows_more` when there is none and will be none.
struct next_page {
  reply<int> to;
};
/// What is on a page that was fetched.
struct found_links {
  std::vector<int> links;
};
using frontier_message = message<next_page, found_links>;

class crawler_scenario final : public application {
public:
  crawler_scenario(std::uint64_t seed, logic how) : broken_(how == logic::broken) {
    seeded_random random{seed};
    for (int page = 0; page < pages; ++page) {
      std::vector<int>& links = links_[page];
      links.push_back((page + 1) % pages);
      for (int i = 0; i < 2; ++i)
        links.push_back(static_cast<int>(random.below(pages)));
    }
  }

  task<> run() override {
    co_await in_task_group([&](task_group& group) {
      const auto address = group.start_actor({.name = "frontier", .capacity = 2}, frontier, std::ref(*this));
      for (int i = 0; i < fetchers; ++i)
        group.start(&crawler_scenario::fetch_all, this, address);
    });
    ended_ = true;
  }

  std::string problems() const override {
    std::string text;
    for (int page = 0; page < pages; ++page) {
      const int times = fetched_[static_cast<std::size_t>(page)];
      if (times > 1 || (ended_ && times == 0))
        text += "page " + std::to_string(page) + " was fetched " + std::to_string(times) + " times\n";
    }
    return text;
  }
  bool whole() const override { return ended_; }

private:
  static constexpr int pages = 12, fetchers = 4, nobody_knows_more = -1;

  static task<> frontier(inbox<frontier_message> in, crawler_scenario& of) {
    std::set<int> seen{0};
    std::deque<int> waiting{0};
    std::deque<reply<int>> idle;
    int under_way = 0;
    while (auto message = co_await in.receive()) {
      co_await message->match([&](next_page& asked) { idle.push_back(std::move(asked.to)); },
                              [&](found_links& told) {
                                --under_way;
                                for (const int link : told.links) {
                                  const bool is_new = of.broken_ ? of.fetched_[static_cast<std::size_t>(link)] == 0
                                                                 : seen.insert(link).second;
                                  if (is_new)
                                    waiting.push_back(link);
                                }
                              });
      for (; !idle.empty() && !waiting.empty(); idle.pop_front(), waiting.pop_front(), ++under_way)
        idle.front()(waiting.front());
      for (; waiting.empty() && under_way == 0 && !idle.empty(); idle.pop_front())
        idle.front()(nobody_knows_more);
    }
  }

  /// A page that somebody was given and does not report would be missing for ever: then all fails.
  task<> fetch_all(actor_ref<frontier_message> at) {
    for (;;) {
      const int page = co_await at.ask<next_page>();
      if (page == nobody_knows_more)
        co_return;
      ++fetched_[static_cast<std::size_t>(page)];
      co_await sleep_for(std::chrono::microseconds{10 + page % 3});
      co_await at.tell<found_links>(links_[static_cast<std::size_t>(page)]);
    }
  }

  const bool broken_;
  std::vector<int> links_[pages];
  int fetched_[pages] = {};
  bool ended_ = false;
};

} // namespace

application_kind crawler() {
  return described<crawler_scenario>(
      "crawler", "Each page is fetched once at most, and the crawl ends though its messages go in a circle.",
      "pages count as seen once they are fetched, not once they are known");
}

} // namespace troupe::tests
