#include <troupe/ledger/conversation.hpp>
#include <troupe/ledger/respond.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/streams/framing.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace troupe::ledger {

namespace {

instant now() { return this_fiber::pointer()->runs_on().time().now(); }

using answer_to_come = child<std::string>;

struct conversation {
  service_side& with;
  connections::place& mine;
};

task<std::string> respond_to(conversation& in, std::string line) {
  std::string answer = co_await respond(in.with, line);
  in.mine.request_ends(now());
  co_return answer;
}

task<std::string> said(std::string text) { co_return text; }

/// Starts an answer for each line, until there is none any more. Empty, or what is said before the connection closes.
task<std::string> read_requests(byte_stream& over, conversation& in, task_group& group,
                                const sender<answer_to_come>& answers) {
  line_reader lines{over, line_bytes_max};
  for (;;) {
    outcome<std::optional<std::optional<std::string>>> read =
        co_await as_outcome(move_on_after(in.with.all.options().idle_limit, lines.next()));
    if (read.has_error()) {
      try {
        std::rethrow_exception(read.error());
      } catch (const limit_overrun&) {
        co_return refusal_answer({}, refusal::too_long,
                                 "a line has at most " + std::to_string(line_bytes_max) +
                                     " bytes: the connection closes here");
      }
    }
    std::optional<std::optional<std::string>> line = std::move(read).value();
    if (!line && !in.mine.is_idle())
      continue; // it waits for an answer
    if (!line || in.mine.must_go()) {
      ++in.with.all.counts().closed_idle;
      co_return refusal_answer({}, refusal::idle,
                               line ? "there are too many connections, and this one was idle"
                                    : "no whole request has come for too long");
    }
    if (!*line)
      co_return std::string();
    in.mine.request_begins();
    co_await answers.send(group.start(respond_to, std::ref(in), std::move(**line)));
  }
}

task<> read(byte_stream& over, conversation& in, task_group& group, sender<answer_to_come> answers) {
  const std::string last_words = co_await read_requests(over, in, group, answers);
  if (!last_words.empty())
    co_await answers.send(group.start(said, last_words));
}

} // namespace

task<> converse(byte_stream& over, service_side& with) {
  connections::place mine{with.all, over, now()};
  conversation in{with, mine};
  const mailbox<answer_to_come> to_come{capacity{with.all.options().pipelined_max}};
  const receiver<answer_to_come> answers = to_come.receiver();
  co_await in_task_group([&](task_group& group) -> task<> {
    group.start(read, std::ref(over), std::ref(in), std::ref(group), to_come.sender());
    while (auto next = co_await answers.receive()) {
      const std::string line = co_await next->value();
      co_await fail_after(with.all.options().idle_limit, write_line(over, line));
    }
  });
}

// ---- which connections there are
// --------------------------------------------------------------------------------------

connections::place::place(connections& in, byte_stream& over, instant now) : in_(in), over_(over), idle_since_(now) {
  const std::lock_guard held{in_.lock_};
  at_ = in_.all_.insert(in_.all_.end(), this);
  ++in_.counts_.accepted;
  in_.counts_.open = in_.all_.size();
  if (in_.all_.size() > in_.options_.connections_max)
    in_.make_room(*this);
}

connections::place::~place() {
  const std::lock_guard held{in_.lock_};
  in_.all_.erase(at_);
  in_.counts_.open = in_.all_.size();
}

void connections::place::request_begins() noexcept {
  const std::lock_guard held{in_.lock_};
  ++in_hand_;
  ++requests_;
  ++in_.counts_.requests;
}

void connections::place::request_ends(instant now) noexcept {
  const std::lock_guard held{in_.lock_};
  --in_hand_;
  idle_since_ = now;
}

bool connections::place::is_idle() const noexcept {
  const std::lock_guard held{in_.lock_};
  return in_hand_ == 0;
}

bool connections::place::must_go() const noexcept {
  const std::lock_guard held{in_.lock_};
  return must_go_;
}

void connections::make_room(const place& for_this) noexcept {
  place* goes = nullptr;
  const auto goes_before = [](const place& a, const place& b) {
    if ((a.requests_ == 0) != (b.requests_ == 0))
      return a.requests_ == 0;
    return a.idle_since_ < b.idle_since_;
  };
  for (place* const each : all_)
    if (each != &for_this && each->in_hand_ == 0 && !each->must_go_ && (goes == nullptr || goes_before(*each, *goes)))
      goes = each;
  if (goes == nullptr)
    return; // all are busy: the listener's own limit holds
  goes->must_go_ = true;
  goes->over_.end_reading();
}

} // namespace troupe::ledger
