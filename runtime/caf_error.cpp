#include <troupe/runtime/caf_error.hpp>
#include <troupe/scope/task_group.hpp>

#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

namespace troupe {

namespace {

caf::error ask_failed(ask_failure why, const char* text) {
  // Plus one: an error of CAF's with the code 0 is none.
  return caf::error{static_cast<std::uint8_t>(static_cast<std::uint8_t>(why) + 1), detail::ask_errors,
                    caf::make_message(std::string(text))};
}

} // namespace

caf::error make_error(ask_failure why) { return ask_failed(why, ask_error{why}.what()); }

std::optional<ask_failure> ask_failure_in(const caf::error& error) noexcept {
  if (!error || error.category() != detail::ask_errors)
    return std::nullopt;
  return static_cast<ask_failure>(error.code() - 1);
}

namespace detail {

std::string render_ask_error(std::uint8_t code, caf::atom_value, const caf::message& context) {
  return context.match_elements<std::string>() ? context.get_as<std::string>(0)
                                               : std::string(to_string(static_cast<ask_failure>(code - 1)));
}

caf::error caf_error_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const ask_error& failed) {
    return ask_failed(failed.why(), failed.what());
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error, message_of(error));
  }
}

caf::error exit_reason_of(const outcome<>& how) {
  if (how.has_error())
    return caf_error_of(how.error());
  if (how.cancelled())
    return caf::exit_reason::user_shutdown;
  return caf::exit_reason::normal;
}

} // namespace detail

} // namespace troupe
