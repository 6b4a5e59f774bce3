#include <troupe/scope/task_group.hpp>
#include <troupe/supervision/escalated.hpp>

#include <array>
#include <chrono>
#include <cstdio>

namespace troupe {

namespace {

std::string in_seconds(duration time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g s", std::chrono::duration<double>(time).count());
  return text.data();
}

std::string sentence(const std::string& supervisor, escalation why, const restart_budget& own,
                     const std::vector<child_failure>& failures) {
  if (failures.empty())
    return "the supervisor " + supervisor + " gives up: there is no memory to say why";
  const child_failure& last = failures.back();
  std::string text = "the supervisor " + supervisor + " gives up: " + last.path + " has ended (";
  text += to_string(last.reason.kind);
  if (last.reason.error)
    text += ": " + message_of(last.reason.error);
  if (why == escalation::budget)
    return text + "), and the budget of its tree has no restart left";
  return text + "), and that is one restart too many: its intensity is " + std::to_string(own.intensity) + " within " +
         in_seconds(own.period);
}

} // namespace

escalated::escalated(const std::string& supervisor, escalation why, const restart_budget& own,
                     std::vector<child_failure> failures)
    : std::runtime_error(sentence(supervisor, why, own, failures)), why_(why), failures_(std::move(failures)) {}

} // namespace troupe
