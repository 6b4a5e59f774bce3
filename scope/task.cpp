#include <troupe/scope/task.hpp>

namespace troupe::detail {

namespace {

struct aside {
  int depth = 0;
  frame* first = nullptr;
};
thread_local aside put_aside;

} // namespace

void destroy_unstarted(frame& unstarted) noexcept {
  constexpr int depth_max = 64;
  if (put_aside.depth == depth_max) {
    unstarted.awaiter = put_aside.first; // nobody awaits it: the link is free
    put_aside.first = &unstarted;
    return;
  }
  ++put_aside.depth;
  unstarted.handle().destroy();
  --put_aside.depth;
  if (put_aside.depth == 0)
    while (put_aside.first != nullptr) {
      frame* const doomed = put_aside.first;
      put_aside.first = doomed->awaiter;
      ++put_aside.depth;
      doomed->handle().destroy();
      --put_aside.depth;
    }
}

} // namespace troupe::detail
