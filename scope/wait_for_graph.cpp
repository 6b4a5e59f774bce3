#include <troupe/scope/wait_for_graph.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

namespace troupe::detail {

namespace {

struct edge {
  const fiber* from; // stays while its edge is in
  const waitable* to;
  std::uint64_t version; // no two edges of one bucket have the same
};

/// The edges of the fibers with some numbers. Its lock is taken before that of what is waited for.
struct alignas(64) bucket {
  spinlock lock;
  std::uint64_t versions = 0;
  std::vector<edge> edges;
};

constinit std::array<bucket, 64> buckets;
constinit std::mutex closing; // of two that close the same cycle one is told

bucket& bucket_of(std::uint32_t number) noexcept { return buckets[number % buckets.size()]; }
/// As `waitable::owner` gives it.
std::uint32_t number_of(const fiber& of) noexcept { return static_cast<std::uint32_t>(of.number()); }

/// A walk from one edge to the next, twice: edges that are the same both times were there at the same time.
class walk {
public:
  walk(const fiber& from, const waitable& on) noexcept : from_(from), on_(on), owner_(on.owner()) {}

  bool at_once() const noexcept { return owner_ == number_of(from_); }

  /// True when it comes back to where it began.
  bool comes_back() {
    return follow(owner_, [this](const edge& passed) { versions_.push_back(passed.version); });
  }
  /// The same, if it comes along the same edges.
  bool comes_back_again() {
    std::size_t hops = 0;
    bool same = true;
    path_ = from_.path() + " (" + from_.waits_to() + ") -> ";
    const bool closed = follow(on_.owner(), [&](const edge& passed) {
      same = same && hops < versions_.size() && versions_[hops] == passed.version;
      ++hops;
      path_ += passed.from->path() + " (" + passed.from->waits_to() + ") -> ";
    });
    path_ += from_.path();
    return closed && same && hops == versions_.size();
  }
  /// What `comes_back_again` passed.
  const std::string& path() const noexcept { return path_; }

private:
  static constexpr std::size_t longest = 10'000; // longer than any but one that goes round elsewhere

  template <class Passed>
  bool follow(std::uint32_t next, Passed passed) {
    for (std::size_t hops = 0; next != number_of(from_); ++hops) {
      if (next == 0 || hops == longest)
        return false;
      bucket& in = bucket_of(next);
      const std::lock_guard held{in.lock};
      const auto found = std::find_if(in.edges.begin(), in.edges.end(), [&](const edge& each) {
        return number_of(*each.from) == next && &each.from->runs_on() == &from_.runs_on();
      });
      if (found == in.edges.end() || !found->from->waiting())
        return false;
      passed(*found);
      next = found->to->owner();
    }
    return true;
  }

  const fiber& from_;
  const waitable& on_;
  const std::uint32_t owner_;
  std::vector<std::uint64_t> versions_;
  std::string path_;
};

} // namespace

bool wait_for_graph::counts(fiber& self) noexcept {
  for (const cancel_scope* scope = &self.innermost_scope(); scope != nullptr; scope = scope->outer_in_fiber()) {
    if (scope->role_ == cancel_scope::role::moves_on)
      return false;
    if (scope->role_ != cancel_scope::role::group)
      continue;
    const std::lock_guard held{self.lock()}; // children end on their own threads
    if (scope->first_child_ != nullptr)
      return false;
  }
  return true;
}

bool wait_for_graph::put_in(fiber& self, const waitable& on) noexcept {
  bucket& in = bucket_of(number_of(self));
  const std::lock_guard held{in.lock};
  try {
    in.edges.push_back({&self, &on, ++in.versions});
  } catch (...) { // no memory: this wait is not looked at, which costs a report at most
    return false;
  }
  self.in_wait_for_graph_ = true;
  return true;
}

void wait_for_graph::take_out(fiber& self) noexcept {
  bucket& in = bucket_of(number_of(self));
  const std::lock_guard held{in.lock};
  const auto found =
      std::find_if(in.edges.begin(), in.edges.end(), [&](const edge& each) { return each.from == &self; });
  *found = in.edges.back();
  in.edges.pop_back();
  self.in_wait_for_graph_ = false;
}

std::optional<std::string> wait_for_graph::add(fiber& self, const waitable& on) noexcept {
  // What this fiber has let go of may be what the others wait for.
  self.tell_books();
  const bool counted = counts(self) && put_in(self, on);
  walk along{self, on};
  if (!counted && !along.at_once()) // who waits for itself has nobody else, also where it has children or a way out
    return std::nullopt;
  try {
    if (!along.comes_back())
      return std::nullopt;
    const std::lock_guard held{closing};
    if (!along.comes_back_again())
      return std::nullopt;
    remove(self);
    return along.path();
  } catch (...) { // no memory to look, or to name it: it waits, as if nobody had looked
    return std::nullopt;
  }
}

} // namespace troupe::detail
