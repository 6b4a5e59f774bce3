// What an actor is sent: one of several kinds of message, each handled by a function of its own.

#pragma once

#include <troupe/actors/reply.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

namespace troupe {

namespace detail {

template <class M>
inline constexpr bool is_reply = false;
template <class T>
inline constexpr bool is_reply<reply<T>> = true;

/// A kind of message that can be asked: it has a member `reply<T> to`.
template <class M>
concept askable = requires(M& kind) {
  requires is_reply<std::remove_cvref_t<decltype(kind.to)>>;
};

/// What an ask for `M` gives.
template <askable M>
using answer_to = typename decltype(M::to)::value_type;

template <class... Handlers>
struct overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
overloaded(Handlers...) -> overloaded<Handlers...>;

/// Runs `handling` as the work of one ask: it has the ask's deadline, is stopped by its revoke, and how it ends is the
/// answer where it has not given one.
task<> serve(ask_pointer ask, task<> handling);

} // namespace detail

/// One of the kinds of message that an actor takes. What is in it comes out by `match`, so that nothing of an ask is
/// done outside of its scope.
template <class... Kinds>
class message {
public:
  template <class M, class... Args>
  requires(std::same_as<M, Kinds> || ...) explicit message(std::in_place_type_t<M> kind, Args&&... args)
      : content_(kind, std::forward<Args>(args)...) {}
  /// A kind of message by itself.
  template <class M>
  requires(std::same_as<M, Kinds> || ...) message(M content) : content_(std::in_place_type<M>, std::move(content)) {}

  /// Calls the handler for what is in it, `void(M&)` or `task<>(M&)`, one for each kind. Called once.
  ///
  /// The handler of an ask runs in a scope of its own: it has the ask's deadline, and is stopped when the asker does
  /// not want the answer any more, unless it is in a `shield`. An ask that was revoked before is not begun, and no
  /// handler is called. What a handler throws is the answer, if it has given none, and is thrown here: the actor fails.
  ///
  /// The handlers are copied (or moved) into the task; the message must live until it has ended.
  ///
  /// @suspends as the handler does
  /// @cancel   the handler is stopped, and an ask that it has not answered is told `aborted`
  /// @throws   what the handler throws
  template <class... Handlers>
  task<> match(Handlers&&... handlers) {
    static_assert((std::is_invocable_v<detail::overloaded<std::decay_t<Handlers>...>&, Kinds&> && ...),
                  "match() needs a handler for each kind of message: [](kind&) {...}, or one that returns task<>");
    return matched(detail::overloaded<std::decay_t<Handlers>...>{std::forward<Handlers>(handlers)...});
  }

  /// Calls `look(kind&)` with what is in it, without handling it: for `on_undelivered`.
  template <class Look>
  decltype(auto) visit(Look&& look) {
    return std::visit(std::forward<Look>(look), content_);
  }

  template <class M>
  static constexpr bool has_kind = (std::same_as<M, Kinds> || ...);
  /// Which of the kinds it is, and their types: for whoever names it.
  std::size_t kind() const noexcept { return content_.index(); }
  static const std::type_info& type_of(std::size_t kind) noexcept {
    static constexpr const std::type_info* types[] = {&typeid(Kinds)...};
    return *types[kind];
  }
  /// For whoever takes it out of a mailbox.
  void taken() noexcept {
    if (detail::ask_block* const ask = pending(); ask != nullptr)
      ask->taken();
  }
  /// For whoever drops it: an ask in it is told why.
  void tell_dropped(drop_reason reason) noexcept {
    if (detail::ask_block* const ask = pending(); ask != nullptr)
      ask->dropped(detail::failure_of(reason));
  }

  /// True when it was asked, and the asker may wait for an answer.
  bool is_asked() noexcept { return pending() != nullptr; }
  /// For an actor that is started anew: an ask in it is told `restarting`, with what it was made of.
  void hand_back() noexcept {
    std::visit(
        []<class M>(M& kind) {
          if constexpr (detail::askable<M>) {
            auto token = std::exchange(kind.to, {}); // the error must not hold what holds it
            token.hand_back(std::move(kind));
          }
        },
        content_);
  }

private:
  template <class Message>
  friend class actor_ref;

  /// The ask in it, null: none.
  detail::ask_block* pending() noexcept {
    return std::visit(
        []<class M>(M& kind) -> detail::ask_block* {
          if constexpr (detail::askable<M>)
            return kind.to.block_;
          else
            return nullptr;
        },
        content_);
  }

  template <class Handlers>
  task<> matched(Handlers handlers) {
    detail::ask_block* const ask = pending();
    if (ask == nullptr) {
      co_await handled(handlers);
      co_return;
    }
    try {
      co_await detail::serve(detail::ask_pointer::to(ask), handled(handlers));
    } catch (...) {
      stay_asked();
      throw;
    }
  }
  /// For whoever may be given it again: a handler that has moved the reply out of it has not made it a told one.
  void stay_asked() {
    std::visit(
        []<class M>(M& kind) {
          if constexpr (detail::askable<M>) {
            if (kind.to.block_ != nullptr)
              return;
            auto* const over = new detail::reply_block<detail::answer_to<M>>;
            over->fail(ask_failure::aborted);
            kind.to = reply<detail::answer_to<M>>{*over};
            over->drop(); // nobody waits for it
          }
        },
        content_);
  }
  /// A coroutine, so that what a handler throws before it gives a task is caught where its task's errors are.
  template <class Handlers>
  task<> handled(Handlers& handlers) {
    std::optional<task<>> waits = std::visit(
        [&handlers]<class M>(M& kind) -> std::optional<task<>> {
          if constexpr (std::is_void_v<std::invoke_result_t<Handlers&, M&>>) {
            handlers(kind);
            return std::nullopt;
          } else {
            static_assert(std::is_same_v<std::invoke_result_t<Handlers&, M&>, task<>>,
                          "a handler returns nothing, or task<> where it must wait");
            return handlers(kind);
          }
        },
        content_);
    if (waits)
      co_await std::move(*waits);
  }

  std::variant<Kinds...> content_;
};

} // namespace troupe
