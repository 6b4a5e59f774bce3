#include <troupe/tools/load_protocol.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace troupe::tools {

namespace {

using nlohmann::json;

constexpr std::string_view names[request_end_count] = {
    "committed",       "insufficient_funds", "overloaded",    "deadline_exceeded", "in_doubt",
    "storage",         "unavailable",        "shutting_down", "refused",           "no_answer",
    "connection_lost", "no_connection",      "not_sent"};

template <class T>
std::optional<T> member(const json& of, const char* name) {
  const auto found = of.find(name);
  if (found == of.end())
    return std::nullopt;
  if constexpr (std::is_same_v<T, bool>) {
    if (!found->is_boolean())
      return std::nullopt;
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!found->is_string())
      return std::nullopt;
  } else if (!found->is_number_unsigned()) {
    return std::nullopt;
  }
  return found->template get<T>();
}

request_end end_of_error(std::string_view name) {
  for (std::size_t i = 1; i < static_cast<std::size_t>(request_end::refused); ++i)
    if (names[i] == name)
      return static_cast<request_end>(i);
  return request_end::refused;
}

} // namespace

std::string_view to_string(request_end of) noexcept { return names[static_cast<std::size_t>(of)]; }

std::string line_of(const transfer_request& request, std::uint64_t id, duration deadline) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(deadline).count();
  json line;
  line["op"] = "transfer";
  line["key"] = request.key;
  line["from"] = request.from;
  line["to"] = request.to;
  line["amount"] = request.amount;
  line["deadline_ms"] = std::max<std::int64_t>(milliseconds, 1);
  line["id"] = id;
  return line.dump();
}

std::optional<transfer_answer> read_answer(std::string_view line) {
  const json read = json::parse(line, nullptr, false);
  if (!read.is_object())
    return std::nullopt;
  const std::optional<bool> ok = member<bool>(read, "ok");
  if (!ok)
    return std::nullopt;
  transfer_answer answer{member<std::uint64_t>(read, "id"), request_end::committed};
  if (*ok) {
    const std::optional<std::uint64_t> transfer = member<std::uint64_t>(read, "transfer");
    if (member<std::string>(read, "result") != "committed" || !transfer || !answer.id)
      return std::nullopt;
    answer.transfer = *transfer;
    answer.repeated = member<bool>(read, "repeated").value_or(false);
    return answer;
  }
  const std::optional<std::string> error = member<std::string>(read, "error");
  if (!error)
    return std::nullopt;
  constexpr std::uint64_t longest = 3'600'000;
  answer.what = end_of_error(*error);
  answer.error = *error;
  answer.message = member<std::string>(read, "message").value_or("");
  answer.retry_after =
      std::chrono::milliseconds{std::min(member<std::uint64_t>(read, "retry_after_ms").value_or(0), longest)};
  return answer;
}

} // namespace troupe::tools
