#include <troupe/topology/running.hpp>

#include <troupe/actors/ask_error.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/topology/check.hpp>
#include <troupe/topology/live.hpp>

#include <stdexcept>

namespace troupe::topology {

namespace detail {

namespace {

/// While it is there, the run can be made to crash.
class in_reach {
public:
  in_reach(live_instance& me, task_group& group) : me_(me) {
    const std::lock_guard held{me_.mutex};
    me_.runs_in = &group;
    me_.crashes_by_hand = false;
  }
  ~in_reach() {
    const std::lock_guard held{me_.mutex};
    me_.runs_in = nullptr;
  }
  in_reach(const in_reach&) = delete;
  in_reach& operator=(const in_reach&) = delete;

private:
  live_instance& me_;
};

bool crashes_by_hand(live_instance& me) {
  const std::lock_guard held{me.mutex};
  return std::exchange(me.crashes_by_hand, false);
}

/// The cycle, where the error is of one; empty: it is another error.
std::string cycle_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const would_deadlock& cycle) {
    return cycle.what();
  } catch (const ask_error& failed) {
    return failed.why() == ask_failure::would_deadlock ? failed.what() : std::string();
  } catch (...) { // anything else
  }
  return {};
}

} // namespace

/// Goes last of all of a run, and knows whether another one comes after a stop.
class live::run_mark {
public:
  run_mark(live& in, live_instance& me) noexcept : in_(in), me_(me) {
    ++me_.runs;
    ++in_.running_;
  }
  ~run_mark() {
    --in_.running_;
    const restart_type restart = me_.of->what.restart;
    if (this_fiber::stopping() &&
        (restart == restart_type::temporary || (restart == restart_type::transient && me_.cancelled)))
      in_.is_done(me_);
  }
  run_mark(const run_mark&) = delete;
  run_mark& operator=(const run_mark&) = delete;

private:
  live& in_;
  live_instance& me_;
};

void live::note_error(live_instance& me, const std::exception_ptr& error) {
  ++me.crashes;
  {
    const std::lock_guard held{me.of->mutex};
    me.of->last_error = message_of(error);
  }
  if (std::string cycle = cycle_of(error); !cycle.empty())
    end(ending_kind::would_deadlock, std::move(cycle));
}

task<> live::run_node(std::shared_ptr<live> in, live_instance* of) {
  live_instance& me = *of;
  const run_mark mark{*in, me};
  const restart_type restart = me.of->what.restart;
  std::exception_ptr error;
  co_await in_task_group([&](task_group& group) -> task<> {
    const in_reach held{me, group};
    const outcome<> ended = co_await as_outcome(run_kind(in, me, me.runs));
    if (ended.has_error())
      error = ended.error();
  });
  if (crashes_by_hand(me))
    error = std::make_exception_ptr(std::runtime_error("crashed by hand"));
  if (error) {
    in->note_error(me, error);
    if (restart == restart_type::temporary)
      in->is_done(me);
    std::rethrow_exception(error);
  }
  if (restart != restart_type::permanent)
    in->is_done(me);
}

task<> live::run_kind(std::shared_ptr<live> in, live_instance& me, std::uint64_t run) {
  const faults_description& faults = me.of->what.faults;
  node here{in, me, run};
  if (run <= faults.crash_at_start)
    throw std::runtime_error("crashed at its start, as its faults say");
  const kind_function& function = in->known.function_of(me.of->what.kind);
  if (faults.hang_in_cleanup == duration::zero()) {
    co_await function(here);
    co_return;
  }
  co_await in_exit_stack([&](exit_stack& stack) -> task<> {
    const duration hangs = faults.hang_in_cleanup;
    stack.push(exit_options{.limit = 2 * hangs}, [hangs]() -> task<> { co_await sleep_for(hangs); });
    co_await function(here);
  });
}

task<> live::start_children(supervisor& top, std::size_t index) {
  live_supervisor& mine = *supervisors[index];
  {
    const std::lock_guard held{mine.mutex};
    mine.handle = top;
  }
  for (const auto& child : mine.children) {
    if (!child.first) {
      const supervisor_description& below = what.supervisors[child.second];
      const child_spec spec{
          .name = below.name, .restart = below.restart, .shutdown = below.shutdown, .significant = below.significant};
      co_await top.start(spec, run_supervisor, shared_from_this(), child.second);
      continue;
    }
    const live_node& node = *nodes[child.second];
    for (const auto& each : node.instances) {
      const child_spec spec{.name = each->name,
                            .restart = node.what.restart,
                            .shutdown = node.what.shutdown,
                            .significant = node.what.significant};
      co_await top.start(spec, run_node, shared_from_this(), each.get());
    }
  }
}

task<> live::run_supervisor(std::shared_ptr<live> in, std::size_t index) {
  const supervisor_description& mine = in->what.supervisors[index];
  ++in->supervisors[index]->runs;
  const outcome<> ended = co_await as_outcome(supervise(mine.options, [&](supervisor& top) -> task<> {
    co_await in->start_children(top, index);
    co_await top.run();
  }));
  if (mine.restart == restart_type::temporary || (!ended.has_error() && mine.restart == restart_type::transient))
    in->all_done_below(index);
  if (!ended.has_error())
    co_return;
  ++in->supervisors[index]->gave_up;
  {
    const std::lock_guard held{in->mutex_};
    if (in->gave_up_.empty())
      in->gave_up_ = mine.name;
  }
  std::rethrow_exception(ended.error());
}

task<> live::run_root() {
  const std::string path = this_fiber::pointer()->path();
  for (std::size_t i = 0; i < supervisors.size(); ++i) { // those above may stand behind it in the file
    std::string below;
    for (std::size_t at = i; at != 0; at = what.supervisors[at].under)
      below = '/' + what.supervisors[at].name + below;
    supervisors[i]->path = path + below;
  }
  begun_ = true;
  ++supervisors[0]->runs;
  const outcome<> ended = co_await as_outcome(supervise(what.supervisors[0].options, [this](supervisor& top) -> task<> {
    const receiver<char> until = finished_.receiver();
    co_await start_children(top, 0);
    auto none = co_await until.receive();
    static_cast<void>(none);
  }));
  if (ended.has_error())
    fail(ended.error());
  else // where nothing else has ended it: its significant children
    end(ending_kind::normal, {});
}

} // namespace detail

running::running(description what, const kinds& known) {
  for (const finding& each : check(what, known).findings)
    if (each.how == severity::error)
      throw std::invalid_argument(each.what);
  live_ = std::make_shared<detail::live>(std::move(what), known);
}
running::~running() = default;

const description& running::described() const noexcept { return live_->what; }
std::vector<edge_counts> running::edges() const { return live_->edges_now(); }
std::vector<node_counts> running::nodes() const { return live_->nodes_now(); }
std::optional<std::string> running::control(action what, std::string_view path) { return live_->control(what, path); }
bool running::is_ending() const noexcept { return live_->is_ending(); }
void running::stop() noexcept { live_->time_is_up(); }
report running::result() const { return live_->result(); }

namespace {

/// Also where a test cancels it: then its time is over.
struct time_is_up {
  detail::live& of;
  ~time_is_up() { of.time_is_up(); }
};
task<> end_in_time(std::shared_ptr<detail::live> in, fiber& top) {
  const time_is_up at_end{*in};
  co_await sleep_for(in->what.lasts);
  in->time_is_up(in->standstill(top));
}
/// Also where the run is stopped.
struct tree_gone {
  detail::live& of;
  ~tree_gone() { of.has_gone(this_fiber::pointer()->runs_on().time().now(), this_fiber::stopping()); }
};
task<> run_root(std::shared_ptr<detail::live> in) { co_await in->run_root(); }

} // namespace

task<> run(running& what) {
  const std::shared_ptr<detail::live> in = what.live_;
  const tree_gone at_end{*in};
  in->begin();
  fiber& top = *this_fiber::pointer();
  co_await in_task_group([&](task_group& group) -> task<> {
    const child<> app = group.start({.name = root_name}, run_root, in);
    const child<> limit = group.start({.name = "lasts"}, end_in_time, in, std::ref(top));
    co_await app.wait_ended();
    limit.cancel();
  });
}

} // namespace troupe::topology
