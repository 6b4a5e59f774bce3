// What clients ask of the servers of the Savina suite: whoever's actors do it.

#pragma once

#include <tests/savina/history.hpp>
#include <tests/savina/servers.hpp>

#include <troupe/simulation/random.hpp>

#include <cstddef>
#include <cstdint>

namespace troupe::savina {

struct client_plan {
  explicit client_plan(const dictionary_size& size)
      : messages(size.messages), writes_percent(size.writes_percent), keys(size.keys) {}
  explicit client_plan(const sorted_list_size& size)
      : messages(size.messages), writes_percent(size.writes_percent), sizes_percent(size.sizes_percent),
        keys(size.keys) {}

  std::size_t messages;
  std::uint64_t writes_percent, sizes_percent = 0, keys;
};

/// What one client asks for, one after the other.
class questions {
public:
  questions(const client_plan& plan, std::size_t client, std::uint64_t seed)
      : random_(seed * 1'000'003 + client), plan_(plan) {}

  operation next() {
    const std::uint64_t percent = random_.below(100);
    operation drawn;
    if (percent < plan_.writes_percent)
      drawn.what = operation_kind::write;
    else if (percent < plan_.writes_percent + plan_.sizes_percent)
      drawn.what = operation_kind::size;
    drawn.key = static_cast<int>(random_.below(plan_.keys));
    drawn.value = static_cast<int>(random_.below(1'000'000));
    return drawn;
  }

private:
  seeded_random random_;
  client_plan plan_;
};

} // namespace troupe::savina
