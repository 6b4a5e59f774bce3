#include <troupe/program/topology_descriptions.hpp>

namespace troupe::tools {

const description topology_run{"topology", "a topology: a file, or a built-in one",
                               R"(Runs a tree of actors that a file describes, on threads, until it ends or its
time is over, and tells what went over each edge, what became of each node, and
whether what the file expects of itself came out. docs/topology.md of troupe
says what a file can say.)",
                               R"(While it runs its tree is redrawn on a terminal: states, restarts, who waits for
whom, rates, how full mailboxes are. With --plain, and where standard output is
no terminal, a line on standard error says how much was handled and where most
waits. With --observe it is shown in a browser, on a terminal (or with --keep)
also after its end, until Ctrl-C; --control has buttons to crash, cancel and
restart actors.

Exit code 1 where it did not come out as expected, 2 where the file is wrong or
cannot be read.

Examples:
  @ run mine.toml
  @ run ./mine.toml --observe 8080 --control
  @ run ./mine.toml --json > report.json
)"};

const description check_files{"check", "say what is wrong with topology files",
                              R"(Reads topology files and looks for what can never work: words that nobody knows,
cycles of actors that wait for each other, restarts that multiply, shutdowns
that do not fit, mailboxes that hold more than memory may, nodes that nothing
reaches. Nothing is run. Each finding has its line and column, and what to try.)",
                              R"(For a sound one it prints what is known of it: actors, memory, restarts, time to
stop. Exit code 2 when one of them has an error; warnings are none.

Examples:
  @ check mine.toml
  @ check *.toml --json
)"};

const description explore_schedules{"explore", "run a topology in many orders, in virtual time",
                                    R"(Runs a topology in the simulator under many schedules, and judges each run by
what troupe promises and by what the file expects of itself. Use it when a tree
works, and you want to know whether it always does. With --faults actors crash,
and so on, at any moment: then the books must balance, whatever comes out.)",
                                    R"(A run that is wrong is made short and told as a story, with a schedule that
--replay runs again, exactly. Ctrl-C prints what was tried until then. Exit code
1 where a run is wrong, 70 where troupe is to blame: its accounting, or what it
promises of each tree (INV-21, 22 and 26 are what a tree can break itself).

Faults: crash, cancel, overflow (of a mailbox), failing_start (of a child),
reset (of a connection); docs/testing.md says what each does.

Examples:
  @ explore mine.toml
  @ explore ./mine.toml --seeds 100000 --faults crash,cancel
)"};

const description draw_graph{"graph", "draw a topology, for Mermaid, DOT or as SVG",
                             R"(Draws the tree of supervisors of a topology as boxes in boxes, and its edges
with their capacities. Mermaid is what code hosts draw in Markdown.)",
                             R"(SVG needs the program `dot` of the package graphviz.

Examples:
  @ graph mine.toml
  @ graph ./mine.toml --as svg --output mine.svg
)"};

const description watch_tree{"top", "watch a running tree in the terminal",
                             R"(Follows a program that is observed, as by `@ run FILE --observe 8080`, and
redraws its tree four times a second: states, restarts, how full mailboxes are,
who waits for whom. Where standard output is no terminal, plain lines.)",
                             R"(Ctrl-C ends it, with exit code 0, and so does the end of the program.

Examples:
  @ top 127.0.0.1:8080
  @ top 127.0.0.1:8080 --json | jq .nodes
)"};

const description complete_words{"completion", "a script that completes words in bash, zsh or fish",
                                 R"(Prints a script for a shell, which then completes commands, options and names.)",
                                 R"(Examples:
  @ completion bash > ~/.local/share/bash-completion/completions/@
  source <(@ completion zsh)
  @ completion fish > ~/.config/fish/completions/@.fish
)"};

const description list_of_nodes{"list", "list the kinds of nodes",
                                "Lists the kinds of nodes that a topology file may have, and their keys.",
                                "Example:\n  @ list --json\n"};

const description run_file{"run", "run a topology file", topology_run.about, topology_run.notes};

} // namespace troupe::tools
