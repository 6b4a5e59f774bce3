#include <troupe/runtime/caf_error.hpp>

#include "teller.hpp"

using namespace troupe;
using namespace troupe::tests;

TEST_CASE("why an ask was not answered is an error of its own category, which names itself",
          "[runtime][F2][caf_actors]") {
  teller_place place;
  const caf::actor whom = place.face();
  const caf::scoped_actor self{place.system()};
  bool overflown = true;
  std::string text;
  self->request(whom, patience, forget_atom::value)
      .receive([](int) {},
               [&](const caf::error& error) {
                 overflown = error == ask_failure::overflow;
                 CHECK(error == ask_failure::broken_promise);
                 text = self->system().render(error);
               });
  CHECK_FALSE(overflown);
  CHECK(text == ask_error{ask_failure::broken_promise}.what());
  for (int code = 0; code <= static_cast<int>(ask_failure::in_doubt); ++code)
    CHECK(ask_failure_in(make_error(static_cast<ask_failure>(code))) == static_cast<ask_failure>(code));
  CHECK_FALSE(ask_failure_in(caf::error{}).has_value());
  CHECK_FALSE(ask_failure_in(caf::make_error(caf::sec::runtime_error)).has_value());
}
