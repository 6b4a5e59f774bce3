// Everything that a program needs to run on troupe: <troupe/troupe.hpp>. The simulator is <troupe/simulation/...>.

#pragma once

#include <troupe/runtime/runtime.hpp>

#include <troupe/observe/snapshot_text.hpp>
#include <troupe/observe/text_sink.hpp>

#include <troupe/supervision/supervised_actor.hpp>
#include <troupe/supervision/supervisor.hpp>
#include <troupe/supervision/tree_event.hpp>

#include <troupe/streams/byte_stream.hpp>
#include <troupe/streams/framing.hpp>
#include <troupe/streams/pipe_listener.hpp>
#include <troupe/streams/pipe_pair.hpp>
#include <troupe/streams/serve.hpp>
#include <troupe/streams/socket.hpp>
#include <troupe/streams/tls.hpp>

#include <troupe/actors/actor.hpp>
#include <troupe/actors/actor_ref.hpp>
#include <troupe/actors/ask_error.hpp>
#include <troupe/actors/handle_concurrently.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/actors/reply.hpp>
#include <troupe/actors/retry.hpp>

#include <troupe/mailbox/mailbox.hpp>
#include <troupe/mailbox/received.hpp>
#include <troupe/mailbox/statistics.hpp>

#include <troupe/scope/as_outcome.hpp>
#include <troupe/scope/attached_errors.hpp>
#include <troupe/scope/cancel_scope.hpp>
#include <troupe/scope/checkpoint.hpp>
#include <troupe/scope/child.hpp>
#include <troupe/scope/deadline.hpp>
#include <troupe/scope/event.hpp>
#include <troupe/scope/executor.hpp>
#include <troupe/scope/exit_stack.hpp>
#include <troupe/scope/fiber.hpp>
#include <troupe/scope/offload.hpp>
#include <troupe/scope/outcome.hpp>
#include <troupe/scope/root.hpp>
#include <troupe/scope/shield.hpp>
#include <troupe/scope/sleep.hpp>
#include <troupe/scope/snapshot.hpp>
#include <troupe/scope/steady_time.hpp>
#include <troupe/scope/task.hpp>
#include <troupe/scope/task_group.hpp>
#include <troupe/scope/thread_pool_executor.hpp>
#include <troupe/scope/time_source.hpp>
#include <troupe/scope/would_deadlock.hpp>
