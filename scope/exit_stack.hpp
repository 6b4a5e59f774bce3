// Cleanup that always runs: resources and finalizers of a block, last in, first out, whichever way the block ends.

#pragma once

#include <troupe/scope/kept_call.hpp>
#include <troupe/scope/shield.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe {

class exit_stack;

/// How something on an exit stack is treated.
struct exit_options {
  /// How long acquiring may take, and how long releasing may: each is stopped then.
  duration limit = std::chrono::seconds{5};
};

/// A resource that is given back by a coroutine, `task<> release()`. Others are given back by their destructor.
template <class T>
concept releasable = requires(T& resource) {
  { resource.release() } -> std::same_as<task<>>;
};

namespace detail {

/// What an exit stack does at its end.
class finalizer {
public:
  enum class runs : bool { always, on_failure };

  finalizer(duration limit, runs when) noexcept : limit_(limit), when_(when) {}
  virtual ~finalizer() = default;

  /// Does it, or gives the task that does.
  ///
  /// @throws what it throws before it gives a task; then it has failed
  virtual std::optional<task<>> run(const outcome<>& ended) = 0;

private:
  friend class troupe::exit_stack;

  duration limit_;
  runs when_;
  std::unique_ptr<finalizer> below_;
  std::uint64_t number_ = 0; // in events, where somebody wants these
};

/// A function, called with how the block ended if it takes that.
template <class Function, class... Args>
class called_finalizer final : public finalizer {
  static constexpr bool takes_outcome = std::is_invocable_v<Function&, const outcome<>&, Args&&...>;
  static_assert(takes_outcome || std::is_invocable_v<Function&, Args&&...>,
                "the finalizer cannot be called with these arguments, nor with a const outcome<>& before them (they "
                "are copied and passed as rvalues; pass a reference with std::ref)");

public:
  template <class F, class... A>
  called_finalizer(duration limit, runs when, F&& function, A&&... args)
      : finalizer(limit, when), call_(std::in_place, std::forward<F>(function), std::forward<A>(args)...) {}

  std::optional<task<>> run(const outcome<>& ended) override {
    if constexpr (std::is_void_v<decltype(call(ended))>) {
      call(ended);
      return std::nullopt;
    } else {
      static_assert(std::is_same_v<decltype(call(ended)), task<>>,
                    "a finalizer gives nothing, or task<> where it must wait");
      return call(ended);
    }
  }

private:
  decltype(auto) call(const outcome<>& ended) {
    if constexpr (takes_outcome)
      return call_(ended);
    else
      return call_();
  }

  kept_call<Function, Args...> call_;
};

/// Something that was acquired. There before it is acquired, so that keeping it cannot fail.
template <class T>
class kept_resource final : public finalizer {
public:
  using finalizer::finalizer;

  std::optional<task<>> run(const outcome<>&) override {
    if constexpr (releasable<T>)
      return owned->release();
    else
      return std::nullopt; // its destructor does it
  }

  std::optional<T> owned;
};

} // namespace detail

/// What a block has acquired, and what it does at its end. See `in_exit_stack`.
///
/// @thread its block's fiber
class exit_stack {
public:
  exit_stack(const exit_stack&) = delete;
  exit_stack& operator=(const exit_stack&) = delete;

  /// Acquires a resource and keeps it, as one step that no cancel can tear: a resource that was acquired is released.
  ///
  /// It is released by `co_await resource.release()` where it is `releasable`, and then destroyed.
  ///
  /// @suspends as `acquire` does, which runs in a `shield`
  /// @cancel   a checkpoint at its entry: nothing is acquired then. After that the cancel waits
  /// @returns  the resource, which the stack owns
  /// @throws   what `acquire` throws; `in_doubt` past the limit; then there is nothing to release
  template <class T>
  task<T&> enter(exit_options options, task<T> acquire) {
    return keep(options, detail::finalizer::runs::always, std::move(acquire));
  }
  template <class T>
  task<T&> enter(task<T> acquire) {
    return enter(exit_options{}, std::move(acquire));
  }

  /// The same for what is released unless the block returns a value, as a step that must be undone. Then it is only
  /// destroyed.
  template <releasable T>
  task<T&> enter_on_failure(exit_options options, task<T> acquire) {
    return keep(options, detail::finalizer::runs::on_failure, std::move(acquire));
  }
  template <releasable T>
  task<T&> enter_on_failure(task<T> acquire) {
    return enter_on_failure(exit_options{}, std::move(acquire));
  }

  /// Calls `function(args...)` at the end, or `function(ended, args...)` with a `const outcome<>&` that says how the
  /// block has ended. It returns nothing, or a task.
  ///
  /// Function and arguments are copied (or moved), and gone before what is below them runs. What they refer to must
  /// live outside of the block: the block's own variables go first.
  template <class Function, class... Args>
  requires(!std::is_same_v<std::decay_t<Function>, exit_options>) void push(Function&& function, Args&&... args) {
    push(exit_options{}, std::forward<Function>(function), std::forward<Args>(args)...);
  }
  template <class Function, class... Args>
  void push(exit_options options, Function&& function, Args&&... args) {
    put(options, detail::finalizer::runs::always, std::forward<Function>(function), std::forward<Args>(args)...);
  }

  /// The same, called unless the block returns a value.
  template <class Function, class... Args>
  requires(!std::is_same_v<std::decay_t<Function>, exit_options>) void on_failure(Function&& function, Args&&... args) {
    on_failure(exit_options{}, std::forward<Function>(function), std::forward<Args>(args)...);
  }
  template <class Function, class... Args>
  void on_failure(exit_options options, Function&& function, Args&&... args) {
    put(options, detail::finalizer::runs::on_failure, std::forward<Function>(function), std::forward<Args>(args)...);
  }

  /// Gives all that this stack has to another one of the same fiber, as its uppermost: whichever block outlives this
  /// one.
  void move_to(exit_stack& other) noexcept;

  /// Does now what the end of a block that returns a value would do. The stack is empty then, and can be used again.
  ///
  /// @cancel nothing: it runs to its end
  /// @throws the first failure, with the others attached
  task<> close();

  bool empty() const noexcept { return top_ == nullptr; }

private:
  template <class Body>
  friend std::invoke_result_t<Body&, exit_stack&> in_exit_stack(Body body);

  explicit exit_stack(fiber& owner) noexcept : owner_(owner) {}
  ~exit_stack();

  template <class T>
  task<T&> keep(exit_options options, detail::finalizer::runs when, task<T> acquire) {
    require_owner();
    auto kept = std::make_unique<detail::kept_resource<T>>(options.limit, when);
    T acquired = co_await shield(options.limit, std::move(acquire));
    T& resource = kept->owned.emplace(std::move(acquired));
    add(std::move(kept));
    co_return resource;
  }
  template <class Function, class... Args>
  void put(exit_options options, detail::finalizer::runs when, Function&& function, Args&&... args) {
    using made = detail::called_finalizer<std::decay_t<Function>, std::decay_t<Args>...>;
    require_owner();
    add(std::unique_ptr<detail::finalizer>{
        new made{options.limit, when, std::forward<Function>(function), std::forward<Args>(args)...}});
  }
  void require_owner() const noexcept;
  void add(std::unique_ptr<detail::finalizer> added) noexcept;
  std::optional<task<>> begin(detail::finalizer& last, const outcome<>& ended);
  void tell(event_kind what, const detail::finalizer& of, std::uint64_t cause = 0,
            std::uint32_t place = 0) const noexcept;
  void tell_moved(const detail::finalizer& lowest) noexcept;
  /// Runs and destroys all, the uppermost first.
  task<> unwind(const outcome<>& ended, std::vector<std::exception_ptr>& failures);
  /// The first error, with the others attached; null: none. `error` is the block's own, or null.
  std::exception_ptr with_attached(std::exception_ptr error, std::vector<std::exception_ptr> failures) const;

  fiber& owner_;
  std::unique_ptr<detail::finalizer> top_;
  std::uint64_t number_ = 0; // in events, where somebody wants these
};

namespace detail {

template <class T>
outcome<> without_value(const outcome<T>& ended) {
  if (ended.has_error())
    return ended.error();
  if (ended.cancelled())
    return ended.cause();
  return {};
}

/// So that what the body throws before it gives a task is caught with the rest.
template <class Body>
std::invoke_result_t<Body&, exit_stack&> block_of(Body& body, exit_stack& stack) {
  co_return co_await body(stack);
}

} // namespace detail

/// Runs `body` with an exit stack, and then everything that was put on the stack, last in, first out: when the body
/// returned a value, threw, was cancelled, or ran out of time.
///
/// Each finalizer runs shielded from every cancel, for its own limit, and all of them run, whatever the others do. When
/// several things fail, the first error is thrown as it is, the body's before a finalizer's, and the others are
/// attached to it: see `attached_errors`.
/// (Python's `AsyncExitStack`, which loses what a cancel interrupts between acquiring and registering.)
///
/// @suspends as the body and the finalizers do
/// @cancel   the body is stopped, the finalizers run, then the stop goes on; as an error, if a finalizer failed
/// @returns  what the body returns
/// @throws   what the body throws; else what a finalizer throws, `deadline_exceeded` where it takes too long
template <class Body>
std::invoke_result_t<Body&, exit_stack&> in_exit_stack(Body body) {
  static_assert(detail::is_task<std::invoke_result_t<Body&, exit_stack&>>,
                "the body of an exit stack is a coroutine: a closure with result troupe::task<...>");
  using result = typename std::invoke_result_t<Body&, exit_stack&>::value_type;
  fiber& self = co_await detail::current_fiber{};
  exit_stack stack{self};
  outcome<result> ended = co_await detail::catch_stop(detail::block_of(body, stack));
  const outcome<> how = detail::without_value(ended);
  std::vector<std::exception_ptr> failures;
  co_await stack.unwind(how, failures);
  if (const std::exception_ptr primary =
          stack.with_attached(ended.has_error() ? ended.error() : nullptr, std::move(failures)))
    std::rethrow_exception(primary);
  if (ended.cancelled())
    co_await detail::continue_stop{};
  co_return std::move(ended).value();
}

} // namespace troupe
