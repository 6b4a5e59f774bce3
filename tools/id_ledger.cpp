#include <troupe/scope/assert.hpp>
#include <troupe/tools/id_ledger.hpp>

#include <fmt/format.h>

namespace troupe::tools {

id_ledger::fate& id_ledger::fate_of(std::uint64_t id) {
  TROUPE_ASSERT(id >= 1 && id <= fates_.size(), "an id_ledger knows the ids from 1 to the number it was made for");
  return fates_[id - 1];
}

id_ledger::findings id_ledger::audit() const {
  findings found;
  for (std::size_t i = 0; i < fates_.size(); ++i) {
    const std::uint32_t sent = fates_[i].sent.load(std::memory_order_relaxed); // relaxed: see count()
    const std::uint32_t handled = fates_[i].handled.load(std::memory_order_relaxed);
    const std::uint32_t undelivered = fates_[i].undelivered.load(std::memory_order_relaxed);
    const std::uint32_t ends = handled + undelivered;
    if (sent != 0)
      ++found.sent;
    if (sent > 1 || (sent == 0 && ends != 0))
      ++found.unsent;
    else if (sent != 0 && ends == 0)
      ++found.lost;
    else if (ends > 1)
      ++found.doubled;
    else {
      found.handled += handled;
      found.undelivered += undelivered;
      continue;
    }
    if (found.examples.size() < examples_max)
      found.examples.push_back(
          fmt::format("message {}: sent {}, handled {}, given up {} times", i + 1, sent, handled, undelivered));
  }
  return found;
}

void add_ids(books& entries, const id_ledger::findings& found) {
  entries.push_back(
      sum_entry("ids sent", found.sent, {{"handled once", found.handled}, {"given up once", found.undelivered}}));
  entries.push_back(sum_entry("ids lost", found.lost, {{"none", 0}}));
  entries.push_back(sum_entry("ids handled twice, or given up and handled", found.doubled, {{"none", 0}}));
  if (found.unsent != 0)
    entries.push_back(sum_entry("ids sent twice, or never", found.unsent, {{"none", 0}}));
}

} // namespace troupe::tools
