#include <troupe/program/human_text.hpp>
#include <troupe/program/text_table.hpp>
#include <troupe/tools/pipeline.hpp>
#include <troupe/tools/ticker.hpp>

#include <fmt/format.h>

#include <stdexcept>

namespace troupe::tools {

namespace {

task<> produce(pipeline_run& run, sender<std::uint64_t> out) {
  for (std::uint64_t item = 1; item <= run.options.items; ++item) {
    ++run.produced;
    const send_status sent = co_await out.send(item);
    if (sent == send_status::closed)
      co_return;
  }
}

task<> consume(pipeline_run& run, std::size_t index, receiver<std::uint64_t> in) {
  pipeline_run::counts& mine = run.consumers[index];
  while (auto item = co_await in.receive()) {
    if (*item == run.options.fail_at)
      throw std::runtime_error(fmt::format("item {}: failed on purpose", *item));
    ++mine.handled;
    mine.sum += *item;
  }
}

/// The first throw of a process reads tables for about a millisecond: long enough for the siblings to finish the whole
/// demo, while they are meant to be seen stopping.
void warm_up_throwing() {
  try {
    throw std::runtime_error("warm-up");
  } catch (const std::runtime_error&) {
    // that was all
  }
}

std::string name_of_child(std::size_t start_index) {
  return start_index == 0 ? "producer" : fmt::format("consumer {}", start_index - 1);
}

std::string text_of(const outcome<>& ended) {
  if (ended.has_error())
    return "failed: " + message_of(ended.error());
  if (ended.cancelled())
    return fmt::format("stopped: {}", to_string(ended.cause().reason));
  return "normally";
}

std::string failures(const outcome<>& how) {
  if (!how.has_error())
    return {};
  try {
    std::rethrow_exception(how.error());
  } catch (const error_group& group) {
    std::string text = fmt::format("\nerror group: {}\n", group.what());
    for (const group_error& each : group.errors())
      text += fmt::format("  {}: {}\n", each.whose(), message_of(each.error));
    if (group.omitted() != 0)
      text += fmt::format("  and {} more\n", group.omitted());
    return text;
  } catch (...) {
    return fmt::format("\nerror: {}\n", message_of(how.error()));
  }
}

} // namespace

task<> pipeline(pipeline_run& run) {
  if (run.options.fail_at)
    warm_up_throwing();
  run.begun = this_fiber::pointer()->runs_on().time().now();
  co_await in_task_group([&](task_group& group) -> task<> {
    run.children.push_back(group.start({.name = name_of_child(0)}, produce, std::ref(run), run.queue.sender()));
    for (std::size_t i = 0; i < run.options.consumers; ++i)
      run.children.push_back(
          group.start({.name = name_of_child(i + 1)}, consume, std::ref(run), i, run.queue.receiver()));
    const auto look = [&run](instant now) {
      run.unwanted = !run.listener(run, now);
      return !run.unwanted;
    };
    const auto shown = group.start({.name = "progress"}, tick, run.options.progress_pause, look, std::ref(group));
    for (const child<>& each : run.children)
      co_await each.wait_ended();
    shown.cancel();
  });
}

books audit(const pipeline_run& ended, bool whole) {
  const mailbox_statistics queue = ended.queue.statistics();
  const auto lost = [&](drop_reason why) { return dropped(queue, why); };
  std::uint64_t handled = 0;
  std::uint64_t sum = 0;
  for (const pipeline_run::counts& each : ended.consumers) {
    handled += each.handled;
    sum += each.sum;
  }

  books entries;
  if (whole) {
    const std::uint64_t items = ended.options.items;
    entries.push_back(sum_entry("items", items, {{"sent", queue.sent}}));
    entries.push_back(sum_entry(
        "sum of items", sum, {{"n (n + 1) / 2", items % 2 == 0 ? items / 2 * (items + 1) : (items + 1) / 2 * items}}));
  }
  entries.push_back(sum_entry("produced", ended.produced,
                              {{"sent", queue.sent},
                               {"send_cancelled", lost(drop_reason::send_cancelled)},
                               {"closed", lost(drop_reason::closed)}}));
  entries.push_back(sum_entry("sent", queue.sent,
                              {{"handled", queue.handled},
                               {"crashed", lost(drop_reason::crashed)},
                               {"handling_cancelled", lost(drop_reason::handling_cancelled)},
                               {"no_receiver", lost(drop_reason::no_receiver)}}));
  entries.push_back(sum_entry("handled", queue.handled, {{"by the consumers", handled}}));
  add_mailbox(entries, "queue", queue);
  return entries;
}

std::string report(const pipeline_run& ended, const outcome<>& how, const books& audited, duration took,
                   const std::string& partial) {
  using align = text_table::align;
  text_table table{{{"child"}, {"items", align::right}, {"sum", align::right}, {"ended"}}};
  for (std::size_t i = 0; i < ended.children.size(); ++i) {
    const std::uint64_t items = i == 0 ? ended.produced : ended.consumers[i - 1].handled;
    const std::string sum = i == 0 ? std::string() : std::to_string(ended.consumers[i - 1].sum);
    table.add({name_of_child(i), std::to_string(items), sum, text_of(ended.children[i].result())});
  }

  const double seconds = std::chrono::duration<double>(took).count();
  const auto handled = static_cast<double>(ended.queue.statistics().handled);
  std::string text;
  if (!partial.empty())
    text += fmt::format("partial: {}; this is what was done until then\n\n", partial);
  text += table.text();
  text += failures(how);
  text += fmt::format("\nhandled {} of {} items in {} ({} items/s)\n\n", ended.queue.statistics().handled,
                      ended.options.items, human_duration(took), human_count(seconds > 0 ? handled / seconds : 0));
  return text + text_of(audited);
}

} // namespace troupe::tools
