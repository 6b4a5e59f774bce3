#include <troupe/observe/snapshot_text.hpp>
#include <troupe/runtime/carriers_on_caf.hpp>
#include <troupe/runtime/runtime.hpp>
#include <troupe/runtime/signal_thread.hpp>
#include <troupe/runtime/survivors.hpp>
#include <troupe/runtime/watchdog.hpp>
#include <troupe/scope/assert.hpp>
#include <troupe/scope/attached_errors.hpp>
#include <troupe/scope/steady_time.hpp>
#include <troupe/scope/task_group.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>

namespace troupe {

namespace {

constexpr std::size_t snapshot_lines_max = 1000;
constexpr int exit_code_of_signal = 128; // plus its number, as shells have it

void write_error(const std::string& text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stderr); // in one piece
  std::fflush(stderr);
}

/// The same for what must hold nobody up: stops when nobody reads for a second.
void write_if_read(const std::string& text) noexcept {
  constexpr std::size_t never_blocks = 512; // at most PIPE_BUF, for which a pipe that is ready has room
  std::string_view left = text;
  while (!left.empty()) {
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (poll(&ready, 1, 1'000) <= 0)
      return;
    const ssize_t written = ::write(STDERR_FILENO, left.data(), std::min(left.size(), never_blocks));
    if (written <= 0)
      return;
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string in_milliseconds(duration length) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(length).count()) + " ms";
}

const char* name_of(int signal) noexcept { return signal == SIGINT ? "SIGINT" : "SIGTERM"; }

} // namespace

// Members go in reverse: the watchdog, carriers and with them the threads of offload and CAF, then the clock they refer
// to, and last the mask of the signals.
//
// Locks are taken in the order requesting_, the clock's, top_mutex_, those of fibers.
class runtime::state final : public detail::watchdog::owner {
public:
  explicit state(const runtime_options& options) : options_(options), limit_(*this) {
    if (options.handle_signals)
      signals_.emplace(options.snapshot_on_signal ? SIGUSR1 : 0); // masks, before there is any thread
    time_.emplace();
    carriers_.emplace(*time_, options.workers, options.sink, options.offload_threads_max);
    if (options.slow_slice > duration::zero())
      watchdog_.emplace(*carriers_, options.slow_slice, *this);
    if (signals_)
      signals_->start([](void* self, int signal) noexcept { static_cast<state*>(self)->on_signal(signal); }, this);
  }

  ~state() {
    TROUPE_ASSERT(top_ == nullptr, "a runtime went away while its root was running");
    if (carriers_->abandoned_fibers() != 0) {
      limit_.set_when(saturated(time_->now(), options_.shutdown_limit));
      time_->add(limit_);
      carriers_->wait_for_abandoned_fibers();
      time_->remove(limit_);
    }
    time_->stop();
    if (!carriers_->offloads()->wait_idle(saturated(time_->now(), options_.shutdown_limit)))
      end_late();
    if (signals_)
      signals_->stop(); // so late that a second signal can end the wait above
  }

  void enter(fiber& top) noexcept {
    const std::lock_guard requesting{requesting_};
    {
      const std::lock_guard held{top_mutex_};
      TROUPE_ASSERT(top_ == nullptr, "runtime::run() was called while another root was running: one at a time");
      top_ = &top;
    }
    if (requested_)
      stop_top();
  }

  void leave() noexcept {
    const std::lock_guard requesting{requesting_};
    {
      const std::lock_guard held{top_mutex_};
      top_ = nullptr;
    }
    time_->remove(limit_);
  }

  void request_shutdown() noexcept {
    const std::lock_guard requesting{requesting_};
    if (!requested_ && top_ != nullptr)
      stop_top();
    requested_ = true;
  }

  tree_snapshot snapshot(std::size_t nodes_max) {
    const std::lock_guard held{top_mutex_};
    return look(nodes_max);
  }

  int signalled() const noexcept { return signalled_.load(); }
  carriers_on_caf& carriers() noexcept { return *carriers_; }

private:
  /// Fires when the tree has not ended in time.
  class limit final : public timer {
  public:
    explicit limit(state& of) noexcept : timer(instant{}, &expire), of_(of) {}
    using timer::set_when;

  private:
    static void expire(timer& fired, detail::wakeups&) noexcept { static_cast<limit&>(fired).of_.on_limit(); }

    state& of_;
  };

  /// Under requesting_, once for each root.
  void stop_top() noexcept {
    top_->root_scope().cancel(cancel_reason::shutdown);
    limit_.set_when(saturated(time_->now(), options_.shutdown_limit));
    time_->add(limit_);
  }

  void on_signal(int signal) noexcept {
    if (signal == SIGUSR1)
      return print_snapshot();
    const instant now = time_->now();
    int before = 0;
    if (signalled_.compare_exchange_strong(before, signal)) {
      signalled_at_ = now;
      return request_shutdown();
    }
    if (detail::is_the_same_request(before, signal, now - signalled_at_))
      return;
    const std::lock_guard held{top_mutex_};
    end_process(std::string("a second signal, ") + name_of(signal), exit_code_of_signal + signal);
  }

  void print_snapshot() noexcept {
    try {
      const std::string tree = to_text(snapshot(snapshot_nodes_max), snapshot_lines_max, 2);
      write_if_read("troupe: " + (tree.empty() ? "nothing runs\n" : "a snapshot of the tree:\n" + tree));
    } catch (...) { // the program may live on without it
      write_if_read("troupe: out of memory for a snapshot\n");
    }
  }

  void on_limit() noexcept {
    const std::lock_guard held{top_mutex_};
    if (top_ != nullptr || carriers_->abandoned_fibers() != 0) // else it ended just now
      end_process(limit_passed(), options_.stuck_exit_code);
  }

  /// When functions that were abandoned do not return.
  [[noreturn]] void end_late() noexcept {
    const std::lock_guard held{top_mutex_};
    end_process(limit_passed(), options_.stuck_exit_code);
  }

  std::string limit_passed() const {
    return "shutdown took longer than its limit of " + in_milliseconds(options_.shutdown_limit);
  }

  /// @name For the watchdog
  ///@{
  std::optional<detail::fiber_name> find(const fiber* wanted) noexcept override {
    const std::lock_guard held{top_mutex_}; // the root stays in its place
    return top_ != nullptr ? detail::find_in_tree(*top_, wanted) : std::nullopt;
  }
  void tell(const std::optional<detail::fiber_name>& slow, std::uint64_t omitted) noexcept override {
    const std::uint64_t number = slow ? slow->number : 0;
    carriers_->emit(event_kind::slow_slice, number, number, 0);
    write_error("troupe: " + (slow ? slow->text() : "a fiber outside of the tree of run()") +
                " has kept its thread for more than " + in_milliseconds(options_.slow_slice) +
                " without a wait: blocking calls belong in offload(), long computations need a co_await yield() now "
                "and then" +
                (omitted != 0 ? "; " + std::to_string(omitted) + " more since the last such line\n" : "\n"));
  }
  ///@}

  /// Under top_mutex_, so that the root stays in its place.
  tree_snapshot look(std::size_t nodes_max) {
    if (top_ != nullptr)
      return take_snapshot(*top_, nodes_max);
    tree_snapshot none;
    none.abandoned_children = carriers_->abandoned_fibers();
    const std::size_t abandoned = carriers_->abandoned(); // one may have ended since
    none.abandoned_functions = abandoned - std::min(abandoned, none.abandoned_children);
    return none;
  }

  /// As well.
  [[noreturn]] void end_process(const std::string& why, int exit_code) noexcept {
    const std::string left = detail::survivors(look(snapshot_nodes_max));
    if (options_.before_exit != nullptr)
      options_.before_exit();
    write_if_read("troupe: " + why + (left.empty() ? "\n" : "; still running:\n" + left));
    std::_Exit(exit_code); // no destructor of ours or the user's can be relied on
  }

  const runtime_options options_;
  std::optional<detail::signal_thread> signals_;
  std::optional<steady_time> time_;
  std::optional<carriers_on_caf> carriers_;

  std::mutex requesting_; // guards requested_, and that limit_ is pending only while there is a root
  bool requested_ = false;
  limit limit_;
  std::mutex top_mutex_;
  fiber* top_ = nullptr; // written under both locks
  std::atomic<int> signalled_{0};
  instant signalled_at_{};                   // of the signal thread
  std::optional<detail::watchdog> watchdog_; // uses all of the above
};

runtime::runtime(const runtime_options& options) : state_(std::make_unique<state>(options)) {}
runtime::~runtime() = default;

void runtime::request_shutdown() noexcept { state_->request_shutdown(); }
tree_snapshot runtime::snapshot(std::size_t nodes_max) const { return state_->snapshot(nodes_max); }
int runtime::signalled() const noexcept { return state_->signalled(); }
executor& runtime::fibers() noexcept { return state_->carriers(); }
caf::actor_system& runtime::actor_system() noexcept { return state_->carriers().actor_system(); }
std::size_t runtime::workers() const noexcept { return state_->carriers().carriers(); }
void runtime::enter(fiber& top) { state_->enter(top); }
void runtime::leave() noexcept { state_->leave(); }

namespace detail {

namespace {

constexpr int depth_max = 8; // of groups in groups, in a message

void append_attached(std::string& text, const std::vector<std::exception_ptr>& errors, std::size_t indent) {
  for (const std::exception_ptr& each : errors)
    text += std::string(indent, ' ') + "then its cleanup: " + message_of(each) + '\n';
}

void append_failures(std::string& text, const std::exception_ptr& error, int depth) {
  try {
    std::rethrow_exception(error);
  } catch (const error_group& group) {
    if (depth == depth_max)
      return;
    const std::string indent(static_cast<std::size_t>(2 * depth + 2), ' ');
    for (const group_error& failure : group.errors()) {
      text += indent + failure.whose() + ": " + message_of(failure.error) + '\n';
      append_attached(text, failure.attached, indent.size() + 2);
      append_failures(text, failure.error, depth + 1);
    }
    if (group.omitted() != 0)
      text += indent + "and " + std::to_string(group.omitted()) + " more\n";
  } catch (...) {
    // told by its message
  }
}

} // namespace

void print_error(const std::exception_ptr& error) {
  std::string text = "troupe: " + message_of(error) + '\n';
  append_attached(text, attached_errors(error), 2);
  append_failures(text, error, 0);
  write_error(text);
}

int exit_code_of_exception(const std::exception_ptr& error) noexcept {
  try {
    print_error(error);
  } catch (...) {
    write_error("troupe: out of memory\n");
  }
  return 1;
}

int exit_code_of_cancelled(const cancel_cause& cause, int signalled) {
  if (signalled != 0 && cause.reason == cancel_reason::shutdown)
    return exit_code_of_signal + signalled;
  write_error("troupe: the root was cancelled: " + std::string(to_string(cause.reason)) + '\n');
  return 1;
}

} // namespace detail

} // namespace troupe
