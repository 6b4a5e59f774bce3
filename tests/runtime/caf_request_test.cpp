#include <troupe/runtime/caf_request.hpp>

#include "teller.hpp"

using namespace troupe;
using namespace troupe::tests;

namespace {

class doubles : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  caf::behavior make_behavior() override {
    return {[](int number) { return 2 * number; }};
  }
};

} // namespace

TEST_CASE("composed with another CAF actor, a troupe actor answers it, and an error goes to who has asked",
          "[runtime][C8][caf_actors]") {
  full_place place;
  const caf::scoped_actor self{place.system()};
  const caf::actor after = place.system().spawn<doubles>();
  const caf::actor both = after * place.whom;
  CHECK(asked(self, both, deposit_atom::value, 10) == "overflow");
  CHECK(asked(self, after, 3) == "6"); // the error was not for it
  place.let_go();
  CHECK(asked_unless("overflow", self, both, deposit_atom::value, 10) == "22");
  CHECK(asked<void>(self, place.whom * after, 3) == "nothing"); // the other way round
  std::string word = place.said.next();
  while (word == "rejected") // for each time that it was asked
    word = place.said.next();
  CHECK(word == "note 6");

  caf::anon_send_exit(after, caf::exit_reason::user_shutdown);
}
