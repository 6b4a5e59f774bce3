#include <troupe/ledger/journal.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/backoff.hpp>
#include <troupe/scope/deadline.hpp>
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

using namespace std::chrono_literals;

/// How long the storage is left alone after it has failed, and at most where it fails again and again.
constexpr duration first_pause = 200ms;
constexpr duration longest_pause = 2s;
/// What is said of the storage is said no more often.
constexpr duration says_every = 5s;

instant now() { return this_fiber::pointer()->runs_on().time().now(); }

/// Takes all of a batch over, so that its askers are told by `taken`.
task<> take_all(received_batch<journal_message>& messages, batch& taken) {
  for (journal_message& each : messages)
    co_await each.match([&](commit& asked) { taken.add(asked); }, [&](lookup& asked) { taken.add(asked); });
}

/// One run of the journal, with the database as long as that can be used.
class writer {
public:
  writer(inbox<journal_message>& in, const journal_options& options) noexcept : in_(in), options_(options) {}
  ~writer() { set_lacking(false); }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  task<> open() {
    co_await offload([this] {
      database_ = options_.open();
      last_ = database_->last_transfer();
    });
  }

  /// One batch.
  ///
  /// @returns how the storage has failed; null: it has not
  /// @throws  any other failure
  task<std::exception_ptr> serve(received_batch<journal_message> messages) {
    batch taken;
    co_await take_all(messages, taken);
    // Once it has begun no cancel tears it: SQLite's own transaction ends it, one way or the other.
    const outcome<> ended = co_await as_outcome(shield(options_.commit_limit, write_down(taken)));
    taken.answer(ended.has_error() ? ended.error() : nullptr);
    if (!ended.has_error())
      co_return nullptr;
    if (!is_of_storage(ended.error()))
      std::rethrow_exception(ended.error());
    co_return ended.error();
  }

  /// Refuses what is asked until the database is open again; then what its last commit has come to is known as well.
  ///
  /// @throws any failure but that of the storage
  task<> outlast(std::exception_ptr failure) {
    note_failure(failure);
    while (failure != nullptr) {
      const bool goes_on =
          co_await refuse_until(now() + detail::doubled(first_pause, failures_++, longest_pause), failure);
      if (!goes_on)
        co_return;
      const outcome<> ended = co_await as_outcome(open_again());
      failure = ended.has_error() ? ended.error() : nullptr;
      if (failure != nullptr && !is_of_storage(failure))
        std::rethrow_exception(failure);
    }
    set_lacking(false);
  }

private:
  /// The accounts are told before the askers are, so that these see their own transfers there.
  task<> write_down(batch& taken) {
    co_await offload([&] { taken.write(*database_); });
    if (std::vector<entry> entries = taken.entries(); !entries.empty()) {
      note_success();
      co_await tell_accounts(std::move(entries));
    }
  }
  task<> tell_accounts(std::vector<entry> entries) {
    if (entries.empty())
      co_return;
    last_ = entries.back().number;
    if (options_.committed != nullptr)
      *options_.committed += entries.size();
    co_await options_.accounts.tell<settled>(std::move(entries));
  }

  /// @returns false: the inbox is closed, and empty
  task<bool> refuse_until(instant end, const std::exception_ptr& failure) {
    while (now() < end) {
      auto come = co_await move_on_at(end, in_.receive_up_to(options_.batch_max));
      if (!come)
        break;
      if (!*come)
        co_return false;
      batch refused;
      co_await take_all(*come, refused);
      refused.answer(failure);
    }
    co_return true;
  }

  task<> open_again() {
    std::vector<entry> unknown;
    co_await offload([&] {
      database_ = nullptr; // before there is another one
      const std::shared_ptr<store> opened = options_.open();
      unknown = opened->transfers_after(last_);
      database_ = opened;
    });
    co_await tell_accounts(std::move(unknown));
  }

  void note_failure(const std::exception_ptr& failure) {
    set_lacking(true);
    if (options_.says == nullptr || was_said_ || (failed_at_ && now() - *failed_at_ < says_every))
      return;
    was_said_ = true;
    failed_at_ = now();
    options_.says(
        "the storage has failed: " + message_of(failure) +
        "\n  transfers are refused until it can be written again, which is tried every 2 s: is the disk full, "
        "or does another program have the database?");
  }
  void note_success() {
    failures_ = 0;
    if (std::exchange(was_said_, false))
      options_.says("the storage can be written again");
  }
  void set_lacking(bool yes) const noexcept {
    if (options_.lacks_storage != nullptr)
      *options_.lacks_storage = yes;
  }

  inbox<journal_message>& in_;
  const journal_options& options_;
  std::shared_ptr<store> database_;
  std::int64_t last_ = 0;            // the number of the last transfer that the accounts were told
  std::uint32_t failures_ = 0;       // of the storage, since it was last written
  bool was_said_ = false;            // that it has failed
  std::optional<instant> failed_at_; // when that was said
};

} // namespace

task<> journal(inbox<journal_message> in, startup ready, journal_options options) {
  writer mine{in, options};
  co_await mine.open();
  ready.started();
  while (auto messages = co_await in.receive_up_to(options.batch_max)) {
    const std::exception_ptr failure = co_await mine.serve(std::move(messages));
    if (failure != nullptr)
      co_await mine.outlast(failure);
  }
}

} // namespace troupe::ledger
