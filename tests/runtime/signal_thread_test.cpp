#include <troupe/runtime/signal_thread.hpp>

#include "child_process.hpp"

#include <tests/catch.hpp>

using namespace troupe;
using tests::child_process;
using tests::end_child;
using tests::in_child_process;
using tests::tell_parent;

namespace {

void tell(void*, int signal) noexcept {
  tell_parent(signal == SIGINT ? "SIGINT" : signal == SIGTERM ? "SIGTERM" : "another");
  if (signal == SIGTERM)
    std::_Exit(0);
}

void wait_for_ever() {
  tell_parent("ready");
  for (;;)
    pause();
}

bool masked_here(int signal) {
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return sigismember(&now, signal) == 1;
}

} // namespace

TEST_CASE("a signal that comes twice at once is one request, and another one, or a later one, is not", "[runtime]") {
  using namespace std::chrono_literals;
  using detail::is_the_same_request;
  CHECK(is_the_same_request(SIGTERM, SIGTERM, 0ms));
  CHECK(is_the_same_request(SIGTERM, SIGTERM, 199ms));
  CHECK_FALSE(is_the_same_request(SIGTERM, SIGTERM, 200ms));
  CHECK_FALSE(is_the_same_request(SIGTERM, SIGINT, 0ms));
}

TEST_CASE("signals are masked while a signal_thread lives, and afterwards as before", "[runtime]") {
  const bool before = masked_here(SIGTERM);
  {
    detail::signal_thread taken;
    CHECK(masked_here(SIGTERM));
    taken.start(&tell, nullptr);
    taken.stop();
    taken.stop();
  }
  { const detail::signal_thread never_started; }
  CHECK(masked_here(SIGTERM) == before);
}

TEST_CASE("each signal is told on a thread of its own", "[runtime]") {
  if (in_child_process()) {
    detail::signal_thread taken;
    taken.start(&tell, nullptr);
    wait_for_ever();
  }
  child_process child;
  child.wait_for("ready");
  child.send(SIGINT);
  child.wait_for("SIGINT\n");
  child.send(SIGINT);
  child.wait_for("SIGINT\nSIGINT\n");
  child.send(SIGTERM);
  CHECK(child.wait_for_end() == 0);
}

TEST_CASE("a SIGINT that was ignored stays ignored", "[runtime]") {
  if (in_child_process()) {
    std::signal(SIGINT, SIG_IGN); // as a shell does with `&`
    detail::signal_thread taken;
    taken.start(&tell, nullptr);
    wait_for_ever();
  }
  child_process child;
  child.wait_for("ready");
  child.send(SIGINT);
  child.send(SIGTERM);
  CHECK(child.wait_for_end() == 0);
  CHECK(child.output == "ready\nSIGTERM\n");
}
