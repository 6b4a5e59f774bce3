// What the help says of the program and of each command.

#pragma once

namespace troupe::tools {

/// The words around the options of one command. Lines of at most 80 columns.
struct description {
  const char* name;
  const char* summary; ///< One line, for the list of the commands.
  const char* about;   ///< Above the options; no newline at the end.
  const char* notes;   ///< Below them; empty, or whole lines.
};

extern const description program;
extern const description run_demo;
extern const description ingest_demo;
extern const description pipeline_demo;
extern const description pool_demo;
extern const description storm_demo;
extern const description ledger_demo;
extern const description load_service;
extern const description make_project;
extern const description topology_run;
extern const description check_files;
extern const description explore_schedules;
extern const description draw_graph;
extern const description watch_tree;
extern const description run_benchmarks;
extern const description run_tests;
extern const description complete_words;
extern const description list_demos;
extern const description show_help;

} // namespace troupe::tools
