#include <troupe/ledger/verdict.hpp>

#include <troupe/actors/ask_error.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/shield.hpp>

namespace troupe::ledger {

namespace {

verdict doubt(const std::string& why) {
  return {refusal::in_doubt, why + ": ask for the status of its key, or send it again with the same key"};
}

verdict late() { return {refusal::deadline_exceeded, "the deadline has passed: nothing was done"}; }

verdict restarting() { return {refusal::unavailable, "a part of the service is being started anew: nothing was done"}; }

verdict no_storage() { return {refusal::storage, "the database cannot be written or read now: nothing was done"}; }

verdict verdict_of_ask(const ask_error& failed) {
  switch (failed.why()) {
  case ask_failure::overflow:
    return {refusal::overloaded, "too many requests wait: nothing was begun"};
  case ask_failure::expired:
  case ask_failure::not_started:
    return late();
  case ask_failure::receiver_down:
  case ask_failure::restarting:
    return restarting();
  case ask_failure::aborted:
  case ask_failure::broken_promise:
  case ask_failure::would_deadlock:
  case ask_failure::in_doubt:
    break;
  }
  return doubt("it was stopped in its middle");
}

bool is_aborted(const std::exception_ptr& failed) {
  try {
    std::rethrow_exception(failed);
  } catch (const ask_error& error) {
    return error.why() == ask_failure::aborted;
  } catch (...) {
    return false;
  }
}

} // namespace

verdict verdict_of(const transfer& asked, const written& done) {
  switch (done.what) {
  case written::how::committed:
    return {done.number, false};
  case written::how::repeated:
    return {done.number, true};
  case written::how::key_reused:
    return {refusal::key_reused, "transfer " + std::to_string(done.number) + " has this key, and is another one"};
  case written::how::unknown_account:
    return {refusal::unknown_account,
            "there is no account " + std::to_string(asked.from) + ", or no account " + std::to_string(asked.to)};
  case written::how::insufficient_funds:
    break;
  }
  return {refusal::insufficient_funds, "account " + std::to_string(asked.from) + " has too little"};
}

verdict verdict_of_commit(const std::exception_ptr& failed) {
  try {
    std::rethrow_exception(failed);
  } catch (const store_error& error) {
    if (error.in_doubt())
      return doubt("the database has failed in the commit");
    if (error.why() == store_error::cause::storage)
      return no_storage();
    return {refusal::unavailable, "the database has failed: nothing was done"};
  } catch (const in_doubt&) {
    return doubt("the commit has taken too long");
  } catch (const deadline_exceeded& passed) { // without a fate it was not even asked
    return passed.fate() != nullptr ? verdict_of_commit(passed.fate()) : late();
  } catch (const ask_error& error) {
    return verdict_of_ask(error);
  }
}

verdict verdict_of_order(const std::exception_ptr& failed) {
  if (is_aborted(failed))
    return restarting();
  try {
    std::rethrow_exception(failed);
  } catch (const deadline_exceeded& passed) {
    return passed.fate() == nullptr || is_aborted(passed.fate()) ? late() : verdict_of_order(passed.fate());
  } catch (...) {
    return verdict_of_commit(failed);
  }
}

bool is_of_storage(const std::exception_ptr& failed) noexcept {
  try {
    std::rethrow_exception(failed);
  } catch (const store_error& error) {
    return error.why() == store_error::cause::storage;
  } catch (...) {
    return false;
  }
}

verdict verdict_of_question(const std::exception_ptr& failed) {
  if (is_of_storage(failed))
    return no_storage();
  verdict known = verdict_of_order(failed);
  return known.refused() == refusal::in_doubt ? restarting() : known;
}

} // namespace troupe::ledger
