#include <tests/scenarios/fates.hpp>

#include <troupe/actors/ask_error.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/fiber.hpp>

namespace troupe::tests {

void fates::ended(int number, std::string_view how) {
  entry& of = entries_[number];
  ++of.count;
  of.ends += how;
  of.ends += ' ';
}

std::size_t fates::count(std::string_view how) const {
  std::size_t found = 0;
  for (const auto& [number, of] : entries_)
    found += of.ends == std::string(how) + ' ' ? 1 : 0;
  return found;
}

std::size_t fates::open() const {
  std::size_t found = 0;
  for (const auto& [number, of] : entries_)
    found += of.count == 0 ? 1 : 0;
  return found;
}

std::string fates::problems(std::string_view what) const {
  std::string text;
  for (const auto& [number, of] : entries_)
    if (of.count > 1 || (of.is_owed && of.count != 1))
      text += std::string(what) + ' ' + std::to_string(number) + " ended " + std::to_string(of.count) +
              " times: " + of.ends + '\n';
  return text;
}

known known_after(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const ask_error& failed) {
    return failed.nothing_begun() ? known::not_done : known::unknown;
  } catch (const deadline_exceeded& late) {
    return late.fate() == nullptr ? known::not_done : known_after(late.fate());
  } catch (...) {
    return known::unknown;
  }
}

std::string contradiction(std::string_view what, int number, known told, int done) {
  const bool agrees = told == known::done ? done == 1 : told == known::not_done ? done == 0 : done <= 1;
  if (agrees)
    return {};
  constexpr std::string_view words[] = {"done", "not done", "perhaps done"};
  return std::string(what) + ' ' + std::to_string(number) + " is known as " +
         std::string(words[static_cast<std::size_t>(told)]) + ", and was done " + std::to_string(done) + " times\n";
}

std::optional<cancel_reason> stopped_by() {
  if (!this_fiber::stopping())
    return std::nullopt;
  return this_fiber::pointer()->innermost_scope().cause().reason;
}

std::string left_in(std::string_view name, const mailbox_statistics& now) {
  const bool is_over = now.closed || now.sent == 0; // one that nobody came to use stays open
  if (is_over && now.sent == now.settled && now.depth == 0 && now.in_hand == 0 && now.reserved == 0 &&
      now.senders_waiting == 0 && now.receivers_waiting == 0 && now.depth_max <= now.capacity)
    return {};
  return std::string(name) + ": of " + std::to_string(now.sent) + " that were sent " + std::to_string(now.settled) +
         " are settled, " + std::to_string(now.depth) + " wait, " + std::to_string(now.in_hand) + " are in hand; " +
         (now.closed ? "closed" : "open") + '\n';
}

} // namespace troupe::tests
