#include <troupe/scope/sleep.hpp>
#include <troupe/tools/ticker.hpp>

namespace troupe::tools {

task<> tick(duration pause, std::function<bool(instant now)> on_tick, task_group& group) {
  const time_source& time = this_fiber::pointer()->runs_on().time();
  for (;;) {
    co_await sleep_for(pause);
    if (!on_tick(time.now()))
      group.cancel();
  }
}

} // namespace troupe::tools
