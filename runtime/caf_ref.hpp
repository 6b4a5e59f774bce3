// The address of a CAF actor that is a child: it follows that over restarts. Opt-in: shows CAF's headers, target
// troupe::caf.

#pragma once

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/runtime/caf_failure.hpp>
#include <troupe/runtime/caf_run.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/supervision/supervisor.hpp>

#include <caf/actor_cast.hpp>
#include <caf/message.hpp>
#include <caf/send.hpp>

#include <memory>
#include <mutex>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe {

template <class Handle>
class caf_ref;

namespace detail {

/// Which run of a CAF actor is the one to send to: what all of its addresses share with it.
///
/// @thread any
class caf_child_life : public counted_object<caf_child_life> {
public:
  void set(caf_run_pointer run);
  /// It is not sent to any more.
  void reset(const caf_run& run);
  /// Null: none.
  caf_run_pointer run() const;

private:
  mutable std::mutex lock_;
  caf_run_pointer run_;
};

using caf_life_pointer = counted_pointer<caf_child_life>;

template <class Handle>
task<caf_ref<Handle>> caf_ref_of_started(caf_life_pointer life, task<supervised> start);

/// @throws as `caf_ref::ask`
task<caf::message> caf_asked(caf_life_pointer whom, supervised child, caf::message content);
[[noreturn]] void throw_unexpected_answer(const caf::message& answer);

template <class R>
R caf_answer_as(caf::message answer) {
  if constexpr (std::is_same_v<R, caf::message>) {
    return answer;
  } else if constexpr (!std::is_void_v<R>) {
    if (!answer.match_elements<R>())
      throw_unexpected_answer(answer);
    return answer.move_if_unshared<R>(0);
  }
}

/// What a typed actor answers to such a message.
template <class Handle, class... Args>
using caf_response = caf::response_type_unbox<caf::signatures_of_t<Handle>,
                                              caf::detail::type_list<caf::detail::strip_and_convert_t<Args>...>>;
template <class R, class Tuple>
inline constexpr bool caf_answers_with = std::is_same_v<Tuple, std::tuple<R>>;
template <class R>
inline constexpr bool caf_answers_with<R, caf::message> = true; // not typed: the answer shows it
template <>
inline constexpr bool caf_answers_with<void, std::tuple<caf::unit_t>> = true;

} // namespace detail

/// The address of a CAF actor that is a supervised child: of its newest run, whatever CAF's handle of that is. Nothing
/// waits for a run that is not there yet.
///
/// Copyable; it keeps neither a run nor its actor, and may outlive the runtime.
///
/// @tparam Handle  `caf::actor`, or a typed one
/// @thread any
template <class Handle>
class caf_ref {
public:
  /// CAF's handle of the run that there is now; invalid: there is none. It ends with that run.
  Handle handle() const {
    const detail::caf_run_pointer run = life_->run();
    return run ? caf::actor_cast<Handle>(run->actor()) : Handle{};
  }

  /// Sends it a message of these elements, by nobody: what it answers goes nowhere.
  ///
  /// @returns `closed` where there is no run, and then nothing was sent; `accepted` says that it was in time. A CAF
  ///          actor has no bound unless it is `bounded`, and then counts what it refuses
  template <class... Args>
  [[nodiscard]] send_status tell(Args&&... args) const {
    const Handle to = handle();
    if (!to)
      return send_status::closed;
    caf::anon_send(to, std::forward<Args>(args)...);
    return send_status::accepted;
  }

  /// Requests an `R` of it with a message of these elements, and waits for that. Nothing is sent before it is awaited.
  ///
  /// *One outcome.* Its answer; or `caf_failure` with the error that it has answered; or `ask_error`: `receiver_down`
  /// where it is down, `restarting` where it is about to run again (of both nothing was begun, also where its end came
  /// before its turn), `broken_promise` where it has ended and this was begun, `overflow` where it is `bounded`.
  ///
  /// *In time.* The deadlines around it hold; where there is none it is 5 s. What has not begun by then, or when the
  /// asker is stopped, never will: the actor skips it. What has begun goes on, because a CAF actor cannot be told, and
  /// nobody waits for it: it is `in_doubt`. (Of a blocking actor nobody knows whether it has begun.)
  ///
  /// @tparam R   of one element; void: any answer will do; `caf::message`: all elements
  /// @suspends   until there is an outcome
  /// @cancel     as when its time is up
  /// @throws     see above; `caf_failure` with `sec::unexpected_response` for an answer that is no `R`
  /// @thread     any fiber's
  template <class R, class... Args>
  task<R> ask(Args&&... args) const {
    using response = detail::caf_response<Handle, Args...>;
    static_assert(response::valid, "the actor does not take such a message");
    static_assert(std::is_same_v<R, caf::message> || detail::caf_answers_with<R, typename response::tuple_type>,
                  "the actor does not answer such a message with an R");
    return asked<R>(life_, child_, caf::make_message(std::forward<Args>(args)...));
  }

  /// As what its supervisor knows it.
  const supervised& child() const noexcept { return child_; }

  friend bool operator==(const caf_ref& a, const caf_ref& b) noexcept { return a.child_ == b.child_; }

private:
  friend task<caf_ref> detail::caf_ref_of_started<Handle>(detail::caf_life_pointer life, task<supervised> start);

  caf_ref(detail::caf_life_pointer life, supervised child) noexcept
      : life_(std::move(life)), child_(std::move(child)) {}

  template <class R>
  static task<R> asked(detail::caf_life_pointer whom, supervised child, caf::message content) {
    caf::message answer = co_await detail::caf_asked(std::move(whom), std::move(child), std::move(content));
    co_return detail::caf_answer_as<R>(std::move(answer));
  }

  detail::caf_life_pointer life_;
  supervised child_;
};

} // namespace troupe
