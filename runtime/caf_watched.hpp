// CAF's actor classes, made to tell their run what they do. Opt-in: shows CAF's headers, target troupe::caf.

#pragma once

#include <troupe/runtime/caf_bounded.hpp>
#include <troupe/runtime/caf_error.hpp>
#include <troupe/runtime/caf_run.hpp>

#include <caf/actor_config.hpp>
#include <caf/behavior.hpp>
#include <caf/blocking_actor.hpp>
#include <caf/infer_handle.hpp>
#include <caf/invoke_message_result.hpp>
#include <caf/local_actor.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/system_messages.hpp>

#include <concepts>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::detail {

/// What is common to all: an exception is kept where it passes, before CAF asks the actor's handler what error to make
/// of it; so that is the user's as ever.
template <class Base>
class caf_watched_start : public Base {
  static_assert(!std::is_final_v<Base>,
                "the class of a CAF actor that is a child is derived from: it must not be final");

public:
  template <class... Args>
  explicit caf_watched_start(caf::actor_config& config, caf_run_pointer run, Args&&... args)
      : Base(config, std::forward<Args>(args)...), run_(std::move(run)) {}

  void initialize() override {
    keep_what_is_thrown([this] { Base::initialize(); });
    if (!static_cast<const caf::local_actor&>(*this).fail_state()) // else it has quit in it
      run_->has_started();
  }

protected:
  template <class Call>
  decltype(auto) keep_what_is_thrown(const Call& call) {
    try {
      return call();
    } catch (...) {
      run_->has_thrown(std::current_exception());
      throw;
    }
  }

  const caf_run_pointer run_;
};

template <class Base>
class caf_watched;

/// An actor that is scheduled by messages.
template <std::derived_from<caf::scheduled_actor> Base>
class caf_watched<Base> : public caf_watched_start<Base> {
public:
  template <class... Args>
  explicit caf_watched(caf::actor_config& config, caf_run_pointer run, Args&&... args)
      : caf_watched_start<Base>(config, std::move(run), std::forward<Args>(args)...) {
    this->run_->sees_messages();
    // CAF's own handler writes to standard output, and drops the text. One that the class has set in its constructor
    // stays, and one that is set later counts.
    using handler = caf::error (*)(caf::scheduled_actor*, std::exception_ptr&);
    if (const handler* set = this->exception_handler_.template target<handler>();
        set != nullptr && *set == &caf::scheduled_actor::default_exception_handler)
      this->set_exception_handler([](std::exception_ptr& thrown) { return caf_error_of(thrown); });
  }

  using Base::consume;
  /// CAF calls it with each message.
  caf::invoke_message_result consume(caf::mailbox_element& element) override {
    const ask_block::look began = this->run_->begin(element);
    if (began == ask_block::look::revoked) {
      if constexpr (std::derived_from<Base, caf_bound>)
        if (this->counts(element))
          this->taken();
      return caf::invoke_message_result::consumed;
    }
    // CAF looks at nothing else while a request awaits its answer, not even at a kill.
    if (element.content().template match_elements<caf::exit_msg>() &&
        element.content().template get_as<caf::exit_msg>(0).reason == caf::exit_reason::kill)
      this->awaited_responses_.clear();
    const caf::invoke_message_result result =
        this->keep_what_is_thrown([this, &element] { return Base::consume(element); });
    // What it has passed on to itself is skipped in its second step: something of it was done.
    if (result == caf::invoke_message_result::skipped && began == ask_block::look::begins)
      this->run_->put_back(element);
    return result;
  }
};

/// An actor with a thread of its own.
template <std::derived_from<caf::blocking_actor> Base>
class caf_watched<Base> : public caf_watched_start<Base> {
public:
  using caf_watched_start<Base>::caf_watched_start;

  void act() override {
    this->keep_what_is_thrown([this] { Base::act(); });
  }
};

/// One that is made by a function: `init` is called when it starts.
template <class Base>
class caf_watched_function final : public caf_watched<Base> {
public:
  explicit caf_watched_function(caf::actor_config& config, caf_run_pointer run, caf::actor_config::init_fun_type init)
      : caf_watched<Base>(with(config, std::move(init)), std::move(run)) {}

private:
  static caf::actor_config& with(caf::actor_config& config, caf::actor_config::init_fun_type&& init) {
    config.init_fun = std::move(init);
    return config;
  }
};

/// A function-based actor's function and arguments as CAF calls them. (CAF's own adapter, which is no part of its
/// interface, binds a null reference where there are no arguments.)
template <class Function, class... Args>
caf::actor_config::init_fun_type caf_init_function(Function function, Args... args) {
  using inferred = caf::infer_handle_from_fun<Function>;
  return caf::actor_config::init_fun_type{
      [function = std::move(function), arguments = std::tuple<Args...>(std::move(args)...)](
          [[maybe_unused]] caf::local_actor* self) mutable -> caf::behavior {
        const auto call = [&](Args&... each) {
          if constexpr (inferred::mode == caf::spawn_mode::function_with_selfptr)
            return function(static_cast<typename inferred::impl*>(self), std::move(each)...);
          else
            return function(std::move(each)...);
        };
        if constexpr (std::is_void_v<typename inferred::result_type>) {
          std::apply(call, arguments);
          return {};
        } else {
          return std::move(std::apply(call, arguments).unbox());
        }
      }};
}

} // namespace troupe::detail
