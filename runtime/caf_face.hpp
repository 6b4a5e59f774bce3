// A troupe actor as a caf::actor, for plain CAF actors. Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <troupe/actors/actor_gate.hpp>
#include <troupe/runtime/caf_error.hpp>
#include <troupe/runtime/caf_request.hpp>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>
#include <caf/type_erased_tuple.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace caf {
class actor_system;
}

namespace troupe {

namespace detail {

/// What of a face does not depend on what its actor takes.
///
/// It belongs to the `caf::actor_companion` that CAF's actors know, and goes with it; the actor's life holds a watcher,
/// which knows the companion weakly. So the face is an address of the actor for as long as somebody holds the
/// `caf::actor`, and the companion is cleaned up when the actor has ended for good, or is given up.
class caf_face_base {
public:
  caf_face_base(const caf_face_base&) = delete;
  caf_face_base& operator=(const caf_face_base&) = delete;

  /// Makes its companion.
  static caf::actor show(caf::actor_system& system, const std::shared_ptr<caf_face_base>& face);

protected:
  explicit caf_face_base(actor_life_pointer life) noexcept;
  virtual ~caf_face_base();

private:
  class watcher;

  /// Called for each message, on the thread of its sender: several at a time.
  void receive(caf::mailbox_element& element);
  /// False: no translator takes it.
  virtual bool translate(caf::type_erased_tuple& content, caf_request& request) = 0;
  virtual void stop_now() noexcept = 0;

  const actor_life_pointer life_;
  counted_pointer<watcher> watcher_;
};

/// Result and parameters of a translator; of no type for what is no function with parameters of its own.
template <class Function>
struct translator_traits;
template <class Function>
requires requires { &Function::operator(); }
struct translator_traits<Function> : translator_traits<decltype(&Function::operator())> {};
template <class Result, class... Args>
struct translator_traits<Result (*)(Args...)> {
  using result = Result;
  using parameters = std::tuple<Args...>;
};
template <class Result, class Object, class... Args>
struct translator_traits<Result (Object::*)(Args...) const> : translator_traits<Result (*)(Args...)> {};
template <class Result, class Object, class... Args>
struct translator_traits<Result (Object::*)(Args...) const noexcept> : translator_traits<Result (*)(Args...)> {};
template <class Function>
concept translator = requires {
  typename translator_traits<Function>::result;
};

/// One element of CAF's message, as a parameter wants it: moved out of a message that nobody else has.
template <class Parameter>
decltype(auto) element_for(caf::type_erased_tuple& content, std::size_t index) {
  using element = std::decay_t<Parameter>;
  static_assert(!std::is_lvalue_reference_v<Parameter> || std::is_const_v<std::remove_reference_t<Parameter>>,
                "a translator takes the elements of a message by value, by const reference, or by &&: others may read "
                "the same message");
  if constexpr (caf::is_atom_constant<element>::value)
    return element{};
  else if constexpr (std::is_lvalue_reference_v<Parameter>)
    return content.get_as<element>(index);
  else
    return content.move_if_unshared<element>(index);
}

template <class Message, class... Translators>
class caf_face;
template <class... Kinds, class... Translators>
class caf_face<message<Kinds...>, Translators...> final : public caf_face_base {
public:
  caf_face(actor_ref<message<Kinds...>> shown, Translators... translators)
      : caf_face(actor_gate<message<Kinds...>>{std::move(shown)}, std::move(translators)...) {}

private:
  explicit caf_face(actor_gate<message<Kinds...>> gate, Translators... translators)
      : caf_face_base(gate.life()), gate_(std::move(gate)), translators_(std::move(translators)...) {}

  bool translate(caf::type_erased_tuple& content, caf_request& request) override {
    return std::apply([&](const Translators&... each) { return (taken_by(each, content, request) || ...); },
                      translators_);
  }
  void stop_now() noexcept override { gate_.stop_now(); }

  template <class Translator>
  bool taken_by(const Translator& translator, caf::type_erased_tuple& content, caf_request& request) const {
    using traits = translator_traits<Translator>;
    return [&]<class... Parameters, std::size_t... Index>(const std::tuple<Parameters...>*,
                                                          std::index_sequence<Index...>) {
      if (!content.match_elements<std::decay_t<Parameters>...>())
        return false;
      std::optional<typename traits::result> made;
      try {
        made.emplace(translator(element_for<Parameters>(content, Index)...));
      } catch (...) {
        request.refuse(caf_error_of(std::current_exception()));
        return true;
      }
      send(std::move(*made), request);
      return true;
    }(static_cast<const typename traits::parameters*>(nullptr),
           std::make_index_sequence<std::tuple_size_v<typename traits::parameters>>{});
  }

  template <class M>
  void send(M&& made, caf_request& request) const {
    static_assert((std::same_as<M, Kinds> || ...),
                  "a translator returns one of the kinds of message that the actor takes, by value");
    if constexpr (askable<M>) {
      if (request.wants_answer())
        return gate_.ask(std::move(made), [asked = std::move(request)](outcome<answer_to<M>>&& how) noexcept {
          give(asked, std::move(how));
        });
    }
    const send_status status = gate_.tell(std::move(made));
    if (!request.wants_answer())
      return;
    if (status == send_status::accepted)
      request.answer(caf::make_message());
    else
      request.refuse(make_error(status == send_status::closed ? ask_failure::receiver_down : ask_failure::overflow));
  }

  template <class T>
  static void give(const caf_request& asked, outcome<T>&& how) {
    if (how.has_error())
      asked.refuse(caf_error_of(how.error()));
    else if constexpr (std::is_void_v<T>)
      asked.answer(caf::make_message());
    else
      asked.answer(caf::make_message(std::move(how).value()));
  }

  const actor_gate<message<Kinds...>> gate_;
  const std::tuple<Translators...> translators_;
};

} // namespace detail

/// Shows an actor to plain CAF actors: they can send to it, request from it with a timeout, monitor it and link to it.
///
/// *Messages.* Each translator takes the elements of a message of CAF's, typed as in a behavior, and returns one of the
/// actor's kinds: `[](deposit_atom, int n) { return deposit{n, {}}; }`, where `to` stays empty. The first that matches
/// is called; a message that none takes is answered `caf::sec::unexpected_message`, as CAF's actors do. They are called
/// on the threads of the senders, several at a time, so they only translate; what one throws is the answer.
///
/// *Answers.* A request of a kind that can be asked is answered with its `reply` (of `T`, an element type of CAF's
/// messages; an empty message for void), or with an error: `ask_failure` (see `make_error`), or `sec::runtime_error`
/// with the text of what the actor threw. One of another kind is answered with an empty message once it is in the
/// mailbox. To a plain send there is no answer. A CAF requester does not tell that its timeout has passed: the ask then
/// goes on, without a deadline, and its answer is dropped.
///
/// *The bound* is that of the actor's mailbox, whichever way a message comes (send, request, delegate, delayed,
/// anonymous). CAF's senders cannot be suspended, so a full mailbox with `overflow::suspend` rejects them as one with
/// `overflow::reject` does: what has no room is counted and goes to `on_undelivered`, and a request is told
/// `ask_failure::overflow` at once. Priorities of CAF's messages change nothing.
///
/// *Life.* A `caf::actor` is one more address of the actor, for as long as anybody holds it. When the actor has ended
/// for good, of which a restart in place is none, monitors and links are told (`normal`; `user_shutdown` where it was
/// stopped; `sec::runtime_error`; `unknown` where it had ended before it was shown), and requests get `receiver_down`.
/// It stays so also where a supervisor is asked to start the actor again: show that anew. An exit message with another
/// reason than `normal`, from a link or by `anon_send_exit`, is a `stop_now()`.
///
/// Each call makes another `caf::actor`: keep one.
///
/// @param  system  `runtime::actor_system()`, or another one that outlives the actor
/// @thread any
template <class... Kinds, class... Translators>
caf::actor as_caf_actor(caf::actor_system& system, actor_ref<message<Kinds...>> shown, Translators... translators) {
  static_assert((detail::translator<Translators> && ...),
                "as_caf_actor() takes functions that say what they take: no generic lambda, and no mutable one, "
                "because several threads call it at a time");
  return detail::caf_face_base::show(system, std::make_shared<detail::caf_face<message<Kinds...>, Translators...>>(
                                                 std::move(shown), std::move(translators)...));
}

} // namespace troupe
