#include <troupe/ledger/journal.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/offload.hpp>
#include <troupe/scope/shield.hpp>

#include <utility>
#include <vector>

namespace troupe::ledger {

namespace {

/// What was taken out of the inbox at once, and what came of it.
struct batch {
  std::vector<transfer> transfers;
  std::vector<reply<verdict>> askers; ///< One for each of them.
  std::vector<std::string> keys;
  std::vector<reply<std::optional<std::int64_t>>> seekers; ///< The same.

  std::vector<written> done; ///< Empty, or one for each transfer.
  std::vector<std::optional<std::int64_t>> found;

  void add(commit& asked) {
    transfers.push_back(std::move(asked.what));
    askers.push_back(std::move(asked.to));
  }
  void add(lookup& asked) {
    keys.push_back(std::move(asked.key));
    seekers.push_back(std::move(asked.to));
  }

  /// Blocks.
  void write(store& database) {
    if (!transfers.empty())
      done = database.commit(transfers);
    for (const std::string& each : keys)
      found.push_back(database.find(each));
  }
  std::vector<entry> entries() const {
    std::vector<entry> all;
    for (std::size_t i = 0; i < done.size(); ++i)
      if (done[i].what == written::how::committed)
        all.push_back({done[i].number, transfers[i].from, transfers[i].to, transfers[i].amount});
    return all;
  }
  /// Whoever was not served is told the error.
  void answer(const std::exception_ptr& error) {
    for (std::size_t i = 0; i < askers.size(); ++i)
      askers[i](i < done.size() ? verdict_of(transfers[i], done[i]) : verdict_of_commit(error));
    for (std::size_t i = 0; i < seekers.size(); ++i) {
      if (i < found.size())
        seekers[i](found[i]);
      else
        seekers[i].fail(error);
    }
  }
};

/// The accounts are told before the askers are, so that these see their own transfers there.
task<> write_down(batch& taken, store& database, const journal_options& options) {
  co_await offload([&] { taken.write(database); });
  std::vector<entry> entries = taken.entries();
  if (entries.empty())
    co_return;
  if (options.committed != nullptr)
    *options.committed += entries.size();
  co_await options.accounts.tell<settled>(std::move(entries));
}

} // namespace

task<> journal(inbox<journal_message> in, startup ready, journal_options options) {
  const std::shared_ptr<store> database = co_await offload([&options] { return options.open(); });
  ready.started();
  while (auto messages = co_await in.receive_up_to(options.batch_max)) {
    batch taken;
    for (journal_message& each : messages)
      co_await each.match([&](commit& asked) { taken.add(asked); }, [&](lookup& asked) { taken.add(asked); });
    // Once it has begun no cancel tears it: SQLite's own transaction ends it, one way or the other.
    const outcome<> ended = co_await as_outcome(shield(options.commit_limit, write_down(taken, *database, options)));
    taken.answer(ended.has_error() ? ended.error() : nullptr);
    if (ended.has_error())
      std::rethrow_exception(ended.error());
  }
}

} // namespace troupe::ledger
