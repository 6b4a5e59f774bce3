// A kind of node of one's own, in a program that does with topology files what the command `troupe` does.

#include <troupe/program/topology_program.hpp>
#include <troupe/topology/item.hpp>
#include <troupe/topology/node.hpp>

using namespace troupe;

namespace {

task<> till(topology::node& here) {
  co_await here.each([&here](topology::item& sold) -> task<> {
    here.add("cents", sold.number * here.count("price"));
    co_return;
  });
}

} // namespace

int main(int argc, char** argv) {
  topology::kinds kinds = topology::standard_kinds();
  kinds.add({.name = "till",
             .what = "Takes the money for what it is sent.",
             .inputs = topology::wants::at_least_one,
             .parameters = {{.name = "price", .fallback = std::uint64_t{100}, .what = "Cents."}},
             .counters = {"cents"}},
            till);
  return topology_program(argc, argv, kinds);
}
