// The programs of the Savina suite on CAF's own actors, written as one writes them there: what troupe's are measured
// beside. Each knows what must come out, as troupe's do.

#pragma once

#include <cstdint>
#include <string>

namespace caf {
class actor_system;
}

namespace troupe::savina::on_caf {

/// Runs a program at the suite's own size with a seed, and returns once all its actors have ended. Empty: what came out
/// is right; else what is wrong.
using program = std::string (*)(caf::actor_system& in, std::uint64_t seed);

/// @name By their names in the suite, in the order of their ids
///@{
std::string pingpong(caf::actor_system& in, std::uint64_t seed);    // SV-01
std::string count(caf::actor_system& in, std::uint64_t seed);       // SV-02
std::string fjthrput(caf::actor_system& in, std::uint64_t seed);    // SV-03
std::string fjcreate(caf::actor_system& in, std::uint64_t seed);    // SV-04
std::string threadring(caf::actor_system& in, std::uint64_t seed);  // SV-05
std::string chameneos(caf::actor_system& in, std::uint64_t seed);   // SV-06
std::string big(caf::actor_system& in, std::uint64_t seed);         // SV-07
std::string concdict(caf::actor_system& in, std::uint64_t seed);    // SV-08
std::string concsll(caf::actor_system& in, std::uint64_t seed);     // SV-09
std::string bndbuffer(caf::actor_system& in, std::uint64_t seed);   // SV-10
std::string philosopher(caf::actor_system& in, std::uint64_t seed); // SV-11
std::string barber(caf::actor_system& in, std::uint64_t seed);      // SV-12
std::string cigsmok(caf::actor_system& in, std::uint64_t seed);     // SV-13
std::string logmap(caf::actor_system& in, std::uint64_t seed);      // SV-14
std::string banking(caf::actor_system& in, std::uint64_t seed);     // SV-15
std::string radixsort(caf::actor_system& in, std::uint64_t seed);   // SV-16
std::string filterbank(caf::actor_system& in, std::uint64_t seed);  // SV-17
std::string sieve(caf::actor_system& in, std::uint64_t seed);       // SV-18
std::string uct(caf::actor_system& in, std::uint64_t seed);         // SV-19
std::string facloc(caf::actor_system& in, std::uint64_t seed);      // SV-20
std::string trapezoid(caf::actor_system& in, std::uint64_t seed);   // SV-21
std::string piprecision(caf::actor_system& in, std::uint64_t seed); // SV-22
std::string recmatmul(caf::actor_system& in, std::uint64_t seed);   // SV-23
std::string quicksort(caf::actor_system& in, std::uint64_t seed);   // SV-24
std::string apsp(caf::actor_system& in, std::uint64_t seed);        // SV-25
std::string sor(caf::actor_system& in, std::uint64_t seed);         // SV-26
std::string astar(caf::actor_system& in, std::uint64_t seed);       // SV-27
std::string nqueenk(caf::actor_system& in, std::uint64_t seed);     // SV-28
std::string fib(caf::actor_system& in, std::uint64_t seed);         // SV-29
std::string bitonicsort(caf::actor_system& in, std::uint64_t seed); // SV-30
///@}

} // namespace troupe::savina::on_caf
