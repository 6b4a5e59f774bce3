#include <troupe/ledger/conversation.hpp>
#include <troupe/ledger/respond.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/backoff.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/framing.hpp>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace troupe::ledger {

namespace {

using namespace std::chrono_literals;

/// How long a client that was told to go may take to read that.
constexpr duration farewell_limit = 1s;

instant now() { return this_fiber::pointer()->runs_on().time().now(); }

/// A place among the requests of a connection that are in hand.
struct slot {};

struct conversation {
  byte_stream& over;
  service_side& with;
  connections::place& mine;
  std::optional<refusal> closes_for = std::nullopt; ///< Why the connection is closed by the service.
};

/// The answer to one line: there is one already, or somebody works on it.
class coming_answer {
public:
  explicit coming_answer(std::string text) noexcept : from_(std::move(text)) {}
  explicit coming_answer(child<std::string> worker) noexcept : from_(std::move(worker)) {}

  bool is_there() const noexcept {
    const auto* const worker = std::get_if<child<std::string>>(&from_);
    return worker == nullptr || worker->ended();
  }
  task<std::string> text() {
    if (const auto* const worker = std::get_if<child<std::string>>(&from_))
      co_return co_await worker->value();
    co_return std::move(std::get<std::string>(from_));
  }

private:
  std::variant<std::string, child<std::string>> from_;
};

/// @param held  until the answer is there
task<std::string> work(conversation& in, admitted what, permit<slot> held) {
  std::string answer = co_await respond(in.with, std::move(what));
  in.mine.request_ends(now());
  static_cast<void>(held);
  co_return answer;
}

coming_answer answer_to(conversation& in, task_group& group, const received_line& line, permit<slot> held) {
  in.mine.request_begins();
  std::variant<std::string, admitted> found = look_at(in.with, line);
  if (auto* const what = std::get_if<admitted>(&found))
    return coming_answer{group.start(work, std::ref(in), std::move(*what), std::move(held))};
  in.mine.request_ends(now());
  return coming_answer{std::move(std::get<std::string>(found))};
}

/// What came of a read; empty: nothing in time. What the other side has sent last may be cut off.
task<std::optional<std::optional<std::string>>> read_line(conversation& in, line_reader& lines) {
  try {
    co_return co_await move_on_after(in.with.all.options().idle_limit, lines.next());
  } catch (const limit_overrun&) {
    in.closes_for = refusal::too_long;
    co_return std::optional<std::string>{};
  }
}

/// All connections find the service full at the same time: if they all came back at the same time as well, it would have
/// nothing to do until then.
duration pause_of_its_own() {
  fiber& mine = *this_fiber::pointer();
  return detail::random_part(pause_when_full * 4 / 3, 0.5, detail::random_bits(mine.runs_on(), mine.number()));
}

/// Starts an answer for each line, until there is none any more. What has been read ahead has come with the line before.
///
/// Where as many requests are in hand as may be, the next line waits, and nothing is read: the socket pushes back. But
/// while the service is full all that has come is refused, because then it is not the client who decides how long that
/// takes.
task<> read_requests(conversation& in, task_group& group, sender<slot> slots, sender<coming_answer> answers) {
  line_reader lines{in.over, line_bytes_max};
  instant came{};
  for (;;) {
    const bool was_ahead = lines.has_line();
    std::optional<std::optional<std::string>> line = co_await read_line(in, lines);
    if (!line && !in.mine.is_idle())
      continue; // it waits for an answer
    if (!line || (!*line && in.mine.must_go()))
      in.closes_for = refusal::idle;
    if (!line || !*line)
      co_return;
    if (!was_ahead)
      came = now();
    permit<slot> held; // none where it is refused, or there is room again just now
    if (!is_full(in.with.options, in.with.counts))
      held = co_await slots.reserve();
    const received_line next{**line, came};
    co_await answers.send(answer_to(in, group, next, std::move(held)));
    if (is_full(in.with.options, in.with.counts) && !lines.has_line())
      co_await sleep_for(pause_of_its_own());
  }
}

task<> write_all(byte_stream& over, const std::string& text) { co_await over.write(text); }

/// Writes what is there in one go.
task<> write_answers(conversation& in, const receiver<coming_answer>& answers) {
  const connection_options& options = in.with.all.options();
  std::string lines;
  const auto flush = [&]() -> task<> {
    co_await fail_after(options.idle_limit, write_all(in.over, lines));
    lines.clear();
  };
  while (auto come = co_await answers.receive_up_to(options.answers_max))
    for (auto next = come.next(); next; next = come.next()) {
      if (!next->is_there() && !lines.empty())
        co_await flush();
      const std::string line = co_await next->text();
      lines += line + '\n';
      if (come.size() == 0)
        co_await flush();
    }
}

task<> talk(conversation& in) {
  const connection_options& options = in.with.all.options();
  const mailbox<slot> in_hand{capacity{options.pipelined_max}}; // nobody sends: a permit is a slot
  const receiver<slot> open = in_hand.receiver();
  const mailbox<coming_answer> to_come{capacity{options.answers_max}};
  const receiver<coming_answer> answers = to_come.receiver();
  co_await in_task_group([&](task_group& group) -> task<> {
    group.start(read_requests, std::ref(in), std::ref(group), in_hand.sender(), to_come.sender());
    co_await write_answers(in, answers);
  });
}

task<> drop_the_rest(byte_stream& over) {
  std::array<std::byte, 4'096> dropped;
  std::size_t more = 0;
  do
    more = co_await over.read_some(dropped);
  while (more != 0);
}

/// Says why the connection is closed. What the client still sends is read, because a connection that is closed with
/// something unread is reset, and the answer may be lost.
task<> say_goodbye(conversation& in) {
  std::string why = "no whole request has come for too long";
  if (in.closes_for == refusal::too_long)
    why = "a line has at most " + std::to_string(line_bytes_max) + " bytes: the connection closes here";
  else if (in.mine.must_go())
    why = "there are too many connections, and this one was idle";
  co_await write_line(in.over, refusal_answer({}, *in.closes_for, why));
  in.over.shutdown_write();
  co_await drop_the_rest(in.over);
}

} // namespace

task<> converse(byte_stream& over, service_side& with) {
  connections::place mine{with.all, over, now()};
  conversation in{over, with, mine};
  const outcome<> ended = co_await as_outcome(talk(in));
  if (ended.has_error())
    std::rethrow_exception(primary_error(ended.error())); // that of the connection: a group has it with others
  if (!in.closes_for)
    co_return;
  ++(in.closes_for == refusal::idle ? with.all.counts().closed_idle : with.all.counts().refused);
  static_cast<void>(co_await move_on_after(farewell_limit, say_goodbye(in)));
}

} // namespace troupe::ledger
