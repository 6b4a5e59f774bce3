#include <troupe/topology/live.hpp>

#include <troupe/topology/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace troupe::topology {

void ticket::handled() noexcept {
  if (detail::live* const books = std::exchange(books_, nullptr))
    books->settle(edge_, std::nullopt);
}
void ticket::lost(drop_reason why) noexcept {
  if (detail::live* const books = std::exchange(books_, nullptr))
    books->settle(edge_, why);
}

namespace detail {

namespace {

/// What a mailbox calls with what nobody handles.
void lose(parcel&& dropped, drop_reason why) {
  dropped.visit([why](auto& kind) { kind.paid.lost(why); });
  if (why == drop_reason::restarting)
    return dropped.hand_back();
  dropped.taken();
  dropped.tell_dropped(why);
}

} // namespace

live_node::live_node(live&, const node_description& from, const kind& of, std::size_t items, overflow on_full)
    : what(from), is(of), box(troupe::capacity{items}, on_full, lose), to(box.sender()),
      address(troupe::detail::address_of(
          box.sender(), troupe::detail::actor_life_pointer::owning(new troupe::detail::actor_life{ask_limits{}}))) {
  if (from.count == 1)
    in.emplace(box);
  else
    shared.emplace(box.receiver());
}

live::live(description from, const kinds& kinds_known)
    : what(std::move(from)), known(kinds_known), edges(new live_edge[what.edges.size()]) {
  for (const node_description& each : what.nodes)
    if (known.find(each.kind) == nullptr)
      throw std::invalid_argument("there is no kind called " + quoted(each.kind));
  for (std::size_t i = 0; i < what.supervisors.size(); ++i)
    supervisors.push_back(std::make_unique<live_supervisor>());
  std::vector<std::pair<position, std::pair<bool, std::size_t>>> order;
  for (std::size_t i = 0; i < what.nodes.size(); ++i)
    order.push_back({what.nodes[i].at, {true, i}});
  for (std::size_t i = 1; i < what.supervisors.size(); ++i)
    order.push_back({what.supervisors[i].at, {false, i}});
  std::sort(order.begin(), order.end());
  for (const auto& [at, child] : order)
    supervisors[child.first ? what.nodes[child.second].under : what.supervisors[child.second].under]
        ->children.push_back(child);
}

void live::begin() {
  began_ = this_fiber::pointer()->runs_on().time().now();
  std::vector<const edge_description*> first(what.nodes.size());
  std::vector<bool> mixed(what.nodes.size());
  for (const edge_description& each : what.edges) {
    if (first[each.to] == nullptr)
      first[each.to] = &each;
    else if (first[each.to]->on_full != each.on_full)
      mixed[each.to] = true;
  }
  for (std::size_t i = 0; i < what.nodes.size(); ++i) {
    const node_description& from = what.nodes[i];
    nodes.push_back(
        std::make_unique<live_node>(*this, from, *known.find(from.kind), first[i] != nullptr ? first[i]->capacity : 1,
                                    first[i] != nullptr && !mixed[i] ? first[i]->on_full : overflow::suspend));
    live_node& made = *nodes.back();
    made.one_overflow = !mixed[i];
    made.open = from.count;
    open_ += from.count;
    for (std::size_t n = 0; n < from.count; ++n) {
      auto one = std::make_unique<live_instance>();
      one->of = &made;
      one->index = n;
      one->name = from.count == 1 ? from.name : fmt::format("{}-{}", from.name, n + 1);
      made.instances.push_back(std::move(one));
    }
  }
  for (std::size_t i = 0; i < what.edges.size(); ++i) {
    live_node& sends = *nodes[what.edges[i].from];
    (what.edges[i].how == edge_use::send ? sends.outputs : sends.asks).push_back(i);
    ++nodes[what.edges[i].to]->inputs;
  }
  for (const auto& each : nodes)
    if (each->inputs == 0)
      to_do_ += static_cast<std::int64_t>(each->what.count);
}

void live::offer(std::size_t edge) noexcept {
  ++edges[edge].offered;
  ++to_do_;
}
void live::settle(std::size_t edge, std::optional<drop_reason> lost) noexcept {
  ++(lost ? edges[edge].lost[static_cast<std::size_t>(*lost)] : edges[edge].handled);
  one_less_to_do();
}
/// Nobody begins anything any more, and nothing is under way: so nothing more can come, also around a cycle.
void live::one_less_to_do() noexcept {
  if (to_do_.fetch_sub(1) != 1)
    return;
  for (const auto& each : nodes)
    each->box.close();
}

void live::drop_queued(live_node& of) noexcept {
  of.box.close();
  if (of.in && of.reading == 0) // else it belongs to who reads, and goes with that
    of.in->close_and_drop();
  std::optional<receiver<parcel>> last; // goes without the lock
  {
    const std::lock_guard held{of.mutex};
    last.swap(of.shared);
  }
}
void live::drop_rest() noexcept {
  tree_gone_ = true; // first: a reader that goes now drops what is queued, or has gone already
  for (const auto& each : nodes)
    drop_queued(*each);
}

void live::has_gone(instant at, bool stopped) noexcept {
  ended_at_ = at;
  {
    const std::lock_guard held{mutex_}; // its nodes may have been done by the stop: that is no normal end
    if (stopped && (ending_ == ending_kind::normal || ending_ == ending_kind::time))
      ending_ = ending_kind::stopped;
  }
  drop_rest();
}

void live::reader_goes(live_node& of) noexcept {
  if (of.reading.fetch_sub(1) == 1 && tree_gone_)
    drop_queued(of);
}

void live::is_done(live_instance& me) noexcept {
  if (me.done.exchange(true))
    return;
  live_node& of = *me.of;
  if (of.open.fetch_sub(1) == 1) // nobody is left to read: who sends must not wait
    drop_queued(of);
  if (of.inputs == 0)
    one_less_to_do();
  if (open_.fetch_sub(1) == 1)
    end(ending_kind::normal, {});
}
void live::all_done_below(std::size_t supervisor) noexcept {
  for (const auto& [is_node, index] : supervisors[supervisor]->children) {
    if (!is_node)
      all_done_below(index); // limits::depth_max deep
    else
      for (const auto& each : nodes[index]->instances)
        is_done(*each);
  }
}

void live::end(ending_kind how, std::string text) noexcept {
  {
    const std::lock_guard held{mutex_};
    if (has_ended_.exchange(true))
      return;
    ending_ = how;
    text_ = std::move(text);
  }
  finished_.close();
}

void live::fail(const std::exception_ptr& error) {
  const std::string text = message_of(error);
  bool is_escalated = false;
  try {
    std::rethrow_exception(error);
  } catch (const escalated&) {
    is_escalated = true;
  } catch (...) { // anything else
  }
  if (is_escalated) {
    ++supervisors[0]->gave_up;
    const std::lock_guard held{mutex_};
    if (gave_up_.empty())
      gave_up_ = root_name;
  }
  end(is_escalated ? ending_kind::gives_up : ending_kind::error, text);
}

std::shared_ptr<void> live::share(std::string_view name, const std::type_info& type,
                                  const std::function<std::shared_ptr<void>()>& make) {
  const std::lock_guard held{mutex_};
  const auto found = shared_.find(name);
  if (found == shared_.end())
    return shared_.emplace(std::string(name), shared_object{&type, make()}).first->second.object;
  if (*found->second.type != type)
    throw std::logic_error("the shared object " + quoted(name) + " is of another type");
  return found->second.object;
}

} // namespace detail

} // namespace troupe::topology
