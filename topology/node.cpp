#include <troupe/topology/node.hpp>

#include <troupe/actors/handle_concurrently.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/fault_point.hpp>
#include <troupe/scope/observed_scope.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/topology/live.hpp>

#include <stdexcept>

namespace troupe::topology {

namespace {

/// The same for the same seed, name and run: FNV-1a, then mixed.
std::uint64_t seed_for(std::uint64_t seed, std::string_view name, std::uint64_t run) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char each : name)
    hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3U;
  return seeded_random{seed}.next() ^ (hash + run * 0x9e3779b97f4a7c15U);
}

/// Computes for about so long: by a count, so that it is the same work in virtual time.
void compute(duration busy) noexcept {
  volatile std::uint64_t sum = 0;
  for (std::int64_t i = 0; i < busy.count(); ++i)
    sum = sum + static_cast<std::uint64_t>(i);
}

/// In a snapshot: what it reads from, and what it has taken out of that. The mailbox itself does not know which of
/// several readers has what.
struct reads_mailbox {
  const detail::live_instance& of;

  void tell(troupe::detail::node_facts& facts) const noexcept {
    of.of->to.core().tell(facts);
    const troupe::detail::hand_seen now = of.in_hand.look();
    facts.in_hand = now.type;
    facts.in_hand_since = now.since;
  }
};

class in_hand {
public:
  in_hand(troupe::detail::hand<parcel>& of, const parcel& taken) noexcept : of_(of) {
    of_.take(taken, this_fiber::pointer()->about_now());
  }
  ~in_hand() { of_.let_go(); }
  in_hand(const in_hand&) = delete;
  in_hand& operator=(const in_hand&) = delete;

private:
  troupe::detail::hand<parcel>& of_;
};

} // namespace

node::node(std::shared_ptr<detail::live> in, detail::live_instance& of, std::uint64_t run)
    : in_(std::move(in)), of_(of), run_(run), random_(seed_for(in_->what.seed, of.name, run)) {}

const std::string& node::name() const noexcept { return of_.name; }
std::size_t node::index() const noexcept { return of_.index; }
const node_description& node::described() const noexcept { return of_.of->what; }

const parameter_value* node::find(std::string_view parameter) const noexcept {
  const parameter_values& given = described().parameters;
  if (const auto found = given.find(parameter); found != given.end())
    return &found->second;
  for (const topology::parameter& each : of_.of->is.parameters)
    if (each.name == parameter)
      return &each.fallback;
  return nullptr;
}

bool node::flag(std::string_view parameter) const { return std::get<bool>(*find(parameter)); }
std::uint64_t node::count(std::string_view parameter) const { return std::get<std::uint64_t>(*find(parameter)); }
double node::number(std::string_view parameter) const { return std::get<double>(*find(parameter)); }
duration node::time(std::string_view parameter) const { return std::get<duration>(*find(parameter)); }
const std::string& node::text(std::string_view parameter) const { return std::get<std::string>(*find(parameter)); }
duration node::time_or_zero(std::string_view parameter) const {
  const parameter_value* const found = find(parameter);
  return found != nullptr && std::holds_alternative<duration>(*found) ? std::get<duration>(*found) : duration::zero();
}

std::size_t node::outputs() const noexcept { return of_.of->outputs.size(); }
std::size_t node::asks() const noexcept { return of_.of->asks.size(); }

task<> node::wait_every() {
  constexpr std::uint64_t made_at_once_max = 100;
  if (const duration every = time_or_zero("every"); every > duration::zero()) {
    co_await sleep_for(every);
    co_return;
  }
  const instant now = this_fiber::pointer()->runs_on().time().now();
  made_then_ = now == made_at_ ? made_then_ + 1 : 1;
  made_at_ = now;
  if (made_then_ > made_at_once_max)
    co_await sleep_for(in_->what.lasts / 20);
}

item node::made() { return {.number = ++of_.items_made, .made = this_fiber::pointer()->runs_on().time().now()}; }

void node::add(std::string_view counter, std::uint64_t by) {
  const std::lock_guard held{of_.of->mutex};
  of_.of->counters[std::string(counter)] += by;
}

void node::note(const std::exception_ptr& error) {
  const std::lock_guard held{of_.of->mutex};
  of_.of->last_error = message_of(error);
}

std::shared_ptr<void> node::share(std::string_view name, const std::type_info& type,
                                  const std::function<std::shared_ptr<void>()>& make) {
  return in_->share(name, type, make);
}

void node::fault() {
  const faults_description& faults = described().faults;
  const std::uint64_t nth = ++of_.items;
  if (faults.recovers_after != 0 && of_.crashes >= faults.recovers_after)
    return;
  const bool draws =
      faults.crash_chance > 0 && static_cast<double>(random_.below(1'000'000)) < faults.crash_chance * 1'000'000;
  if (draws || (faults.crash_every != 0 && nth % faults.crash_every == 0))
    throw std::runtime_error("crashed with an item, as its faults say");
}

task<> node::work(item& with) {
  fault_point(name() + ".work");
  if (const duration takes = time_or_zero("work"); takes > duration::zero())
    co_await sleep_for(takes);
  compute(time_or_zero("busy"));
  fault();
  for (std::size_t i = 0; i < asks(); ++i) {
    const std::optional<item> answer = co_await ask(i, with);
    if (answer)
      with.value += answer->value;
  }
  const duration commit = time_or_zero("commit");
  if (commit <= duration::zero())
    co_return;
  if (!described().shield) {
    co_await sleep_for(commit);
    co_return;
  }
  const auto phase = [](duration takes) -> task<> { co_await sleep_for(takes); };
  co_await shield(*described().shield, phase(commit));
}

task<send_status> node::sent(const sender<parcel>& to, item what, ticket paid) {
  parcel made{delivery{what, std::move(paid)}};
  const send_status status = co_await to.send(std::move(made));
  co_return status;
}

task<send_status> node::send_to(std::size_t output, item what) {
  const std::size_t edge = of_.of->outputs.at(output);
  const edge_description& along = in_->what.edges[edge];
  detail::live_node& end = *in_->nodes[along.to];
  in_->offer(edge);
  ticket paid{*in_, edge};
  ++what.hops;
  if (!end.one_overflow && along.on_full != overflow::suspend) {
    const send_status status = end.to.try_send_or_drop(parcel{delivery{what, std::move(paid)}});
    co_return status;
  }
  if (along.within) {
    const std::optional<send_status> status =
        co_await move_on_after(*along.within, sent(end.to, what, std::move(paid)));
    co_return status.value_or(send_status::dropped);
  }
  const send_status status = co_await sent(end.to, what, std::move(paid));
  co_return status;
}

task<bool> node::send(item what) {
  const std::size_t many = outputs();
  if (many == 0)
    co_return true;
  std::size_t first = 0;
  if (described().fan_out == fan_out::round_robin)
    first = static_cast<std::size_t>(of_.of->turn++ % many);
  else if (described().fan_out == fan_out::by_key)
    first = static_cast<std::size_t>(what.key % many);
  const std::size_t last = described().fan_out == fan_out::all ? many : first + 1;
  bool all = true;
  for (std::size_t i = first; i < last; ++i) {
    const send_status status = co_await send_to(i, what);
    all = all && status == send_status::accepted;
  }
  co_return all;
}

task<item> node::asked(const actor_ref<parcel>& whom, item what, ticket paid) {
  const item answer = co_await whom.ask<question>(what, std::move(paid));
  co_return answer;
}

task<std::optional<item>> node::ask(std::size_t which, item what) {
  const std::size_t edge = of_.of->asks.at(which);
  const edge_description& along = in_->what.edges[edge];
  const actor_ref<parcel>& whom = in_->nodes[along.to]->address;
  in_->offer(edge);
  ticket paid{*in_, edge};
  ++what.hops;
  std::optional<item> answer;
  std::exception_ptr error;
  if (along.within) {
    outcome<std::optional<item>> ended =
        co_await as_outcome(move_on_after(*along.within, asked(whom, what, std::move(paid))));
    if (ended.has_error())
      error = ended.error();
    else
      answer = std::move(ended).value();
  } else {
    outcome<item> ended = co_await as_outcome(asked(whom, what, std::move(paid)));
    if (ended.has_error())
      error = ended.error();
    else
      answer = std::move(ended).value();
  }
  ++(answer ? of_.of->answers : of_.of->failed_asks);
  if (error)
    std::rethrow_exception(error);
  co_return answer;
}

task<> node::in_time(item& what, const handler& handle) {
  if (!described().deadline) {
    co_await handle(what);
    co_return;
  }
  const bool ended = co_await move_on_after(*described().deadline, handle(what));
  if (!ended)
    ++of_.of->late;
}

task<> node::handle_told(delivery& next, const handler& handle) {
  co_await in_time(next.what, handle);
  ++of_.of->handled;
  next.paid.handled();
}
task<> node::handle_asked(question& next, const handler& handle) {
  co_await in_time(next.what, handle);
  ++of_.of->handled;
  next.to(next.what);
  next.paid.handled();
}

task<> node::handle_one(parcel& next, const handler& handle) {
  const in_hand held{of_.in_hand, next};
  co_await next.match([this, &handle](delivery& sent) { return handle_told(sent, handle); },
                      [this, &handle](question& asked) { return handle_asked(asked, handle); });
}

template <class In>
task<> node::each_of(const In& in, const handler& handle) {
  fiber& self = co_await troupe::detail::current_fiber{};
  const reads_mailbox reads{of_};
  const troupe::detail::observed_scope shown{self, cancel_scope::shielding::none, reads};
  if (described().at_once == 1) {
    while (auto next = co_await in.receive())
      co_await handle_one(*next, handle);
    co_return;
  }
  const auto one_of_several = [this, &handle](parcel& next) -> task<> { return handle_one(next, handle); };
  co_await handle_concurrently(in, described().at_once, one_of_several);
}

task<> node::each(std::function<task<>(item&)> handle) {
  detail::live_node& of = *of_.of;
  if (!of.in) {
    const receiver<parcel> in = of.box.receiver();
    co_await each_of(in, handle);
    co_return;
  }
  if (run_ > 1) // their askers cannot know how long a restart takes
    of.in->drop_if([](parcel& queued) { return queued.is_asked(); }, drop_reason::restarting);
  struct lent {
    detail::live& in;
    detail::live_node& of;
    lent(detail::live& topology, detail::live_node& reads) noexcept : in(topology), of(reads) { ++of.reading; }
    ~lent() { in.reader_goes(of); }
  };
  const lent mark{*in_, of}; // goes after the inbox
  const inbox<parcel> in = of.in->lend();
  co_await each_of(in, handle);
}

} // namespace troupe::topology
