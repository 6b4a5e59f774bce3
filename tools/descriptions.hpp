// What the help says of the program, and of the commands that only it has.

#pragma once

#include <troupe/program/description.hpp>

namespace troupe::tools {

extern const description program;
extern const description run_demo;
extern const description ingest_demo;
extern const description pipeline_demo;
extern const description pool_demo;
extern const description storm_demo;
extern const description ledger_demo;
extern const description load_service;
extern const description make_project;
extern const description run_benchmarks;
extern const description run_tests;
extern const description list_demos;

} // namespace troupe::tools
