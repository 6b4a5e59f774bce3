#include <troupe/actors/message.hpp>

namespace troupe::detail {

task<> serve(ask_pointer ask, task<> handling) {
  fiber& self = co_await current_fiber{};
  bool pass_on = false;
  outcome<> ended;
  {
    // The asker has a timer for the same instant, and revokes.
    deadline_scope work{self, ask->deadline(), cancel_scope::shielding::none, deadline_scope::expires::by_others};
    if (!ask->begin(self, work))
      co_return; // revoked
    ended = co_await catch_stop(std::move(handling));
    ask->end(work, ended);
    pass_on = ended.cancelled() && work.outer_stopping();
  }
  if (ended.has_error())
    std::rethrow_exception(ended.error());
  if (pass_on)
    co_await continue_stop{};
}

} // namespace troupe::detail
