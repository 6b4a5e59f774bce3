#include <troupe/tools/descriptions.hpp>

namespace troupe::tools {

const description program{"", "",
                          R"(troupe: structured concurrency for actors. Every actor has an owner, every
mailbox has a bound, every wait can be cancelled. This program runs demos and
trees of actors that files describe, checks and explores these, and shows what
runs, live.)",
                          R"(Examples:
  troupe run                            the default demo, on this machine's
                                        package database
  troupe run ingest --input - < FILE    the same, from standard input
  troupe run pipeline --fail-at 5000    one consumer throws: its siblings stop,
                                        and the error comes back
  troupe run pool                       consumers crash; where each message went
  troupe run storm                      workers crash under their supervisors
  troupe run fan-out --observe          a built-in topology, live in a browser
  troupe check mine.toml                what is wrong with a tree of yours
  troupe explore mine.toml              it, in a thousand orders
  troupe load 127.0.0.1:7400            transfers for a running ledger service
  troupe new till                       a project of your own, with its test
  troupe help run ingest                what a demo does and takes

Exit codes:
  0    done
  1    input could not be read, output could not be written, or the demo failed
  2    wrong usage, or a topology file that is wrong or cannot be read
  70   the accounting, or what troupe promises of each tree, does not hold (a
       bug in troupe), or a stop got stuck
  130  stopped by Ctrl-C (SIGINT), after cleaning up; a second one ends at once
  141  whoever read the output has gone, as in `troupe run | head -1`
  143  stopped by SIGTERM, after cleaning up; the server of ledger: 0
)"};

const description run_demo{
    "run", "run a demo, or a topology",
    "Runs a demo, or a topology: a file, or a built-in one (`troupe list` has them).\nWithout a name, "
    "ingest. Options right after `run` are those of ingest.",
    R"(Each has options of its own: `troupe help run NAME` lists them. Topologies all
have the same: --observe [PORT], --control, --keep, --plain, --json.

Examples:
  troupe run
  troupe run fan-out
  troupe run ./mine.toml --observe 8080
  troupe run --workers 1 --capacity 1
  troupe run pipeline --fail-at 5000
)"};

const description ingest_demo{"ingest", "installed size by section, from a package database (default)",
                              R"(Reads records from a file and adds up packages and installed size by section.

  reader -> mailbox "records" -> parsers -> mailbox "results" -> aggregator

All of it is one task group. A full mailbox makes its senders wait, so memory is
bounded however long the input is. Ctrl-C stops everything and prints what was
counted until then.)",
                              R"(Input: records as in dpkg's status file, that is lines `Field: value`,
continuation lines that begin with a space, and a blank line between records.
Lines end in LF or CRLF. A malformed record is reported with its line number and
counted, and stops nothing; the first 20 are shown. So is a record of more than
256 KiB, which is skipped without being held. A package without Installed-Size
counts as 0 KiB.

Output: the table on standard output, then the accounting: read = parsed +
rejected, and for each mailbox settled = sent and peak depth <= capacity. While
it runs, a line on standard error has the records read, their rate, and how full
each mailbox is and how many senders wait for it.

Examples:
  troupe run ingest
  troupe run ingest --input /var/lib/dpkg/available --workers 2
  xzcat Packages.xz | troupe run ingest --input -
)"};

const description pipeline_demo{"pipeline", "a producer, a bounded mailbox, eight consumers; one may fail",
                                R"(Sends numbered items through a bounded mailbox to several consumers, and shows
what each of them did.

  producer -> mailbox "queue" -> consumers

All of it is one task group. With --fail-at one consumer throws: the others are
stopped, the group gives back the error, and every item is accounted for. The
exit code is 1 then.)",
                                R"(Examples:
  troupe run pipeline
  troupe run pipeline --items 1000000 --capacity 1
  troupe run pipeline --fail-at 5000
)"};

const description pool_demo{"pool", "eight consumers, 1 % of messages crash them; where each one went",
                            R"(Sends numbered messages through one bounded mailbox to consumers that crash now
and then, and proves where each message went.

  producers -> mailbox -> consumers, under a supervisor that starts them anew

A crash costs the message in hand, no other one, and tells so: it is given up,
or with --redeliveries given to the next run of that consumer. Which deliveries
crash is what the seed says, whoever handles them, and when.)",
                            R"(Output: a row for each consumer, then the accounting, by the number of each
message: none is lost, none is handled twice, and the crashes are those that the
seed has and those that the supervisor tells.

A supervisor gives up after too many restarts in 5 s, because a fault that comes
back at once does not go away by restarts. Here crashes are what is to be lived
with, so the intensity is as many as the seed has. With a lower --intensity the
pool gives up, the exit code is 1, and the accounting still holds.

Examples:
  troupe run pool
  troupe run pool --crash-rate 30 --redeliveries 5
  troupe run pool --messages 1000000 --capacity 1
  troupe run pool --intensity 100
)"};

const description storm_demo{"storm", "supervisors whose workers crash: restarts, backoff, escalation",
                             R"(Runs a tree on three levels, and tells what happens in it, line by line.

  /app/ingest   parsers    each is started anew alone (one for one)
  /app/store    shards     with those after it (rest for one)
  /app/serve    handlers   with all others (one for all)
  /app/archive             whose cleanup takes too long: it is left behind

A section that has too many restarts within a second gives up, and is started
anew as a whole. So does the app, after too many sections within 5 s; then it
ends.)",
                             R"(Each line has the seconds, who, in which of its runs (#2 is after the first
restart), and what happened. At the end there is a row for each of them, and the
accounting: each start has one end, events, supervisors and workers have counted
the same, and nothing is alive. The exit code is 1 when the app gave up.

Which steps crash is what the seed says; with --simulate so is the order of
events, in virtual time, so that a seed tells the same story each time.

Examples:
  troupe run storm
  troupe run storm --seconds 60 --seed 7
  troupe run storm --crash-rate 30
  troupe run storm --workers 1000 --simulate | tail -30
)"};

const description ledger_demo{"ledger", "an account service on SQLite: a demo that audits it, or a server",
                              R"(Moves money between accounts in a database.

  clients -> desk -> journal (commit)
          -> accounts

Each is an actor with a bounded mailbox, under a supervisor that starts all of
them anew when the database fails. What has come meanwhile is committed in one
transaction, in a shield that no cancel and no deadline tears.

With --listen it serves clients, which speak JSON lines: docs/ledger.md. Else it
is a demo: clients in this process run out of time and are cancelled at any
moment, and then what they were told is compared with what is there.

One process at a time uses a database: a second one, also with --audit, is told
who has it.)",
                              R"(The server prints `listening on HOST:PORT` when it serves; with port 0 the
system chooses one. With --certificate and --key it serves with TLS. SIGTERM and
Ctrl-C let it answer what is in hand, close, and say what it did: exit code 0
after SIGTERM, 130 after Ctrl-C. A second one ends it at once. When the database
goes on failing it ends with exit code 1.

Every client of the demo is told one of: committed (it is in the database),
refused or not_started (it is not), in_doubt (a limit passed in its commit). The
answers are kept beside the database, in FILE.answers, so an audit also holds
after a crash: kill it, and run it again with --audit. Exit code 70 when
database and answers disagree.

Examples:
  troupe run ledger --listen 127.0.0.1:7070 --database /tmp/ledger.db
  troupe run ledger
  troupe run ledger --database /tmp/demo.db --seconds 10
  troupe run ledger --database /tmp/demo.db --audit
)"};

const description load_service{"load", "ask a ledger service for transfers, and measure it",
                               R"(Asks a running ledger service for transfers over many connections, and tells
what became of each, how many were committed in a second, and how long it took.

With --rate requests begin by the clock, whether the service keeps up or not,
and a latency counts from when its request should have begun. Without it each
connection asks when it was answered, so the service decides how fast it goes.)",
                               R"(A request that is told overloaded or in_doubt, or whose connection is lost, is
tried again with the same key until its deadline, so nothing is done twice.

Output: the counts of what clients were told (committed to shutting_down) and of
what they found out by themselves: no_answer in time, connection_lost with the
request on its way, no_connection in time, not_sent because all connections were
busy for half of its deadline. Ctrl-C prints what was done until then.

With --authorities it speaks TLS, and HOST must be what the certificate is for.

--acknowledged FILE has a line `KEY TRANSFER FROM TO AMOUNT` for each transfer
that was told to be committed, before its connection asks for the next one.

Exit code 1 when nobody listens, requests had no connection or lost it, or all
were refused as wrong.

Examples:
  troupe load 127.0.0.1:7400
  troupe load 127.0.0.1:7400 --rate 3000 --connections 200 --retries 0
  troupe load 127.0.0.1:7400 --seconds 60 --json > report.json
)"};

const description make_project{"new", "make a project of your own, with a supervised service and its test",
                               R"(Makes the folder NAME with a project that uses troupe: a service of two actors
under a supervisor, a program that runs it, and a test that runs it in a
thousand orders and with a fault at every step. What is there already is not
touched.)",
                               R"(Then `./NAME run` and `./NAME test`, in that folder, build it and run it. They
look for troupe where this program is installed.

Examples:
  troupe new till
  troupe new till --into ~/projects
)"};

const description run_benchmarks{"bench", "measure this machine: messages, spawns, restarts, ...",
                                 R"(Runs the benchmark program that was built beside this one, with the arguments
that follow; without any it explains itself.)",
                                 R"(Example:
  troupe bench pipeline 20000000
)"};

const description run_tests{"test", "run the tests: in troupe's sources, `./troupe test`",
                            R"(Troupe's own tests run in its sources, by `./troupe test`; those of a project
that `troupe new` has made, by `./NAME test` in its folder.)",
                            ""};

const description list_demos{"list", "list the demos and the built-in topologies",
                             "Lists the demos and the built-in topologies.",
                             "Examples:\n  troupe list --json\n  troupe list --kinds\n"};

} // namespace troupe::tools
