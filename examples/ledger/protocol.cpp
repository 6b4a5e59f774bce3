#include <troupe/ledger/protocol.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <limits>
#include <vector>

namespace troupe::ledger {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t message_bytes_max = 200; // what a client has sent comes back in it

/// A name or a value of a client, as it may stand in a message.
std::string shown(std::string_view text) {
  constexpr std::size_t shown_max = 40;
  return '`' + std::string(text.substr(0, shown_max)) + (text.size() > shown_max ? "...`" : "`");
}

/// The value of one field.
struct value {
  std::string name;
  std::variant<std::monostate, std::string, std::int64_t> content; ///< The first: of a kind that no field has.
};

/// Takes the fields of the one object out of a line. What is wrong is kept, and the rest is read for the `id`.
class fields final : public nlohmann::json_sax<json> {
public:
  std::vector<value> all;
  std::string wrong; ///< The first mistake.

  bool null() override { return add({}); }
  bool boolean(bool) override { return add({}); }
  bool number_integer(number_integer_t number) override { return add(number); }
  bool number_unsigned(number_unsigned_t number) override {
    if (number > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
      return add({});
    return add(static_cast<std::int64_t>(number));
  }
  bool number_float(number_float_t, const string_t&) override { return add({}); }
  bool string(string_t& text) override { return add(std::move(text)); }
  bool binary(binary_t&) override { return add({}); } // no text has it
  bool start_object(std::size_t) override { return depth_++ == 0 ? true : nested(); }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return depth_++ == 0 ? no_object() : nested(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    if (depth_ > 1)
      return true;
    if (std::any_of(all.begin(), all.end(), [&](const value& each) { return each.name == name; }))
      complain("the field " + shown(name) + " is there twice");
    name_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const json::exception& error) override {
    const std::string_view said = error.what();
    const std::string_view column = ", column ";
    const std::size_t at = said.find(column);
    const std::size_t colon = at == said.npos ? said.npos : said.find(": ", at);
    wrong = "column " + std::to_string(position) + ": " +
            std::string(colon == said.npos ? std::string_view("no JSON") : said.substr(colon + 2));
    return false;
  }

private:
  bool add(std::variant<std::monostate, std::string, std::int64_t> content) {
    if (depth_ == 0)
      return no_object();
    if (depth_ == 1)
      all.push_back({name_, std::move(content)});
    return true;
  }
  bool nested() {
    if (depth_ == 2)
      all.push_back({name_, {}});
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }
  bool no_object() {
    complain("a request is a JSON object: {\"op\":...}");
    return true;
  }
  void complain(std::string what) {
    if (wrong.empty())
      wrong = std::move(what);
  }

  std::size_t depth_ = 0;
  std::string name_;
};

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char each) { return (static_cast<unsigned char>(each) & 0xc0U) != 0x80U; }));
}

/// What the fields of one request are, one after the other; those that nobody has asked for are unknown.
class checked_fields {
public:
  checked_fields(std::vector<value> all, std::string id) : all_(std::move(all)), id_(std::move(id)) {}

  const std::string& id() const noexcept { return id_; }
  [[noreturn]] void refuse(const std::string& what) const { throw bad_request(what, id_); }

  std::string text(const std::string& name, std::size_t characters_max) {
    const std::optional<value> found = take(name);
    const auto* const is = found ? std::get_if<std::string>(&found->content) : nullptr;
    const auto is_control = [](char each) { return static_cast<unsigned char>(each) < 0x20 || each == 0x7f; };
    if (is == nullptr || is->empty() || characters(*is) > characters_max ||
        std::any_of(is->begin(), is->end(), is_control))
      refuse(name + (found ? " must be" : " is missing:") + " a string of 1 to " + std::to_string(characters_max) +
             " characters, none of them a control character");
    return *is;
  }
  std::int64_t number(const std::string& name, std::int64_t least, std::int64_t most) {
    const std::optional<value> found = take(name);
    const auto* const is = found ? std::get_if<std::int64_t>(&found->content) : nullptr;
    if (is == nullptr || *is < least || *is > most)
      refuse(name + (found ? " must be" : " is missing:") + " a whole number from " + std::to_string(least) + " to " +
             std::to_string(most));
    return *is;
  }
  bool has(const std::string& name) const {
    return std::any_of(all_.begin(), all_.end(), [&](const value& each) { return each.name == name; });
  }
  void no_others() const {
    if (!all_.empty())
      refuse("unknown field " + shown(all_.front().name));
  }

private:
  std::optional<value> take(const std::string& name) {
    const auto at = std::find_if(all_.begin(), all_.end(), [&](const value& each) { return each.name == name; });
    if (at == all_.end())
      return std::nullopt;
    value found = std::move(*at);
    all_.erase(at);
    return found;
  }

  std::vector<value> all_;
  std::string id_;
};

constexpr std::array<std::string_view, 13> refusals{
    "bad_request", "too_long",       "unknown_account", "insufficient_funds",
    "key_reused",  "not_authorized", "overloaded",      "deadline_exceeded",
    "in_doubt",    "storage",        "unavailable",     "shutting_down",
    "idle"};

/// A text as JSON has it.
std::string quoted_text(std::string_view text) {
  const auto is_plain = [](char each) { return each >= 0x20 && each < 0x7f && each != '"' && each != '\\'; };
  if (std::all_of(text.begin(), text.end(), is_plain)) // nearly all are, and an answer is written often
    return '"' + std::string(text) + '"';
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// One answer, field by field.
class answer {
public:
  answer(bool ok, const std::string& id) : line_(ok ? R"({"ok":true)" : R"({"ok":false)") {
    if (!id.empty())
      line_ += R"(,"id":)" + id;
  }

  answer& with(std::string_view name, std::string_view text) { return add(name, quoted_text(text)); }
  answer& with(std::string_view name, std::integral auto number) { return add(name, std::to_string(number)); }
  answer& with_true(std::string_view name) { return add(name, "true"); }
  std::string line() { return std::move(line_) + '}'; }

private:
  answer& add(std::string_view name, const std::string& value) {
    line_ += ",\"";
    line_ += name;
    line_ += "\":" + value;
    return *this;
  }

  std::string line_;
};

std::int64_t milliseconds(duration time) { return std::chrono::duration_cast<std::chrono::milliseconds>(time).count(); }

/// The `id` of a request as JSON has it; empty: none, or of a kind that it must not be.
std::string id_in(std::vector<value>& all, std::string& wrong) {
  const auto at = std::find_if(all.begin(), all.end(), [](const value& each) { return each.name == "id"; });
  if (at == all.end())
    return {};
  const value found = std::move(*at);
  all.erase(at);
  if (const auto* const text = std::get_if<std::string>(&found.content))
    return json(*text).dump();
  if (const auto* const number = std::get_if<std::int64_t>(&found.content))
    return std::to_string(*number);
  if (wrong.empty())
    wrong = "id must be a string or a whole number";
  return {};
}

} // namespace

request parse_request(std::string_view line) {
  if (line.empty())
    throw bad_request("the line is empty: a request is a JSON object, {\"op\":...}", {});
  if (line.starts_with("\xef\xbb\xbf"))
    throw bad_request("column 1: a byte order mark: JSON has none", {});
  if (const std::size_t zero = line.find('\0'); zero != line.npos) // where the parser would see the end
    throw bad_request("column " + std::to_string(zero + 1) + ": a zero byte", {});

  fields found;
  json::sax_parse(line.begin(), line.end(), &found);
  found.wrong = found.wrong.substr(0, message_bytes_max);
  std::string id = id_in(found.all, found.wrong);
  if (!found.wrong.empty())
    throw bad_request(found.wrong, std::move(id));

  checked_fields in{std::move(found.all), std::move(id)};
  const auto account = [&](const char* name) { return in.number(name, 0, money_max); };
  request made;
  made.id = in.id();
  if (in.has("deadline_ms"))
    made.deadline = std::chrono::milliseconds{in.number("deadline_ms", 1, deadline_ms_max)};
  const std::string known = "transfer, balance, status or health";
  if (!in.has("op"))
    in.refuse("op is missing: one of " + known);
  const std::string op = in.text("op", key_characters_max);
  if (op == "transfer") {
    transfer wanted;
    wanted.key = in.text("key", key_characters_max);
    wanted.from = account("from");
    wanted.to = account("to");
    wanted.amount = in.number("amount", 1, money_max);
    made.what = std::move(wanted);
  } else if (op == "balance") {
    made.what = balance_request{account("account")};
  } else if (op == "status") {
    status_request wanted;
    wanted.key = in.text("key", key_characters_max);
    made.what = std::move(wanted);
  } else if (op == "health") {
    made.what = health_request{};
  } else {
    in.refuse("unknown op " + shown(op) + ": one of " + known);
  }
  in.no_others();
  return made;
}

std::string_view to_string(refusal why) noexcept { return refusals[static_cast<std::size_t>(why)]; }

std::string committed_answer(const std::string& id, std::int64_t number, bool repeated) {
  answer made{true, id};
  made.with("result", "committed").with("transfer", number);
  if (repeated)
    made.with_true("repeated");
  return made.line();
}

std::string balance_answer(const std::string& id, std::int64_t account, std::int64_t cents) {
  return answer{true, id}.with("account", account).with("balance", cents).line();
}

std::string status_answer(const std::string& id, const std::string& key, std::optional<std::int64_t> number) {
  answer made{true, id};
  made.with("key", key).with("result", number ? "committed" : "unknown");
  if (number)
    made.with("transfer", *number);
  return made.line();
}

std::string health_answer(const std::string& id, const health& how) {
  return answer{true, id}
      .with("status", how.status)
      .with("accounts", how.accounts)
      .with("connections", how.connections)
      .with("queued", how.queued)
      .with("in_hand", how.in_hand)
      .with("committed", how.committed)
      .with("overloaded", how.overloaded)
      .with("restarts", how.restarts)
      .with("uptime_ms", milliseconds(how.uptime))
      .line();
}

std::string refusal_answer(const std::string& id, refusal why, std::string_view message, duration retry_after) {
  answer made{false, id};
  made.with("error", to_string(why)).with("message", message);
  if (retry_after > duration::zero())
    made.with("retry_after_ms", std::max<std::int64_t>(1, milliseconds(retry_after)));
  return made.line();
}

} // namespace troupe::ledger
