#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/escalated.hpp>

namespace troupe {

namespace {

std::string sentence(const std::string& supervisor, escalation why, const std::vector<child_failure>& failures) {
  if (failures.empty())
    return "the supervisor " + supervisor + " gives up: there is no memory to say why";
  const child_failure& last = failures.back();
  std::string text = "the supervisor " + supervisor + " gives up: " + last.path + " has ended (";
  text += to_string(last.reason.kind);
  if (last.reason.error)
    text += ": " + message_of(last.reason.error);
  return text + (why == escalation::budget ? "), and the budget of its tree has no restart left"
                                           : "), and that is one restart too many");
}

} // namespace

escalated::escalated(const std::string& supervisor, escalation why, std::vector<child_failure> failures)
    : std::runtime_error(sentence(supervisor, why, failures)), why_(why), failures_(std::move(failures)) {}

} // namespace troupe
