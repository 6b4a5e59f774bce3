// A run as a sequence diagram.

#pragma once

#include <troupe/testing/trace.hpp>

#include <cstddef>
#include <string>

namespace troupe {

/// As much as Mermaid draws where nobody has told it to draw more.
inline constexpr std::size_t mermaid_bytes_max = 50'000;

/// The run as a Mermaid sequence diagram, which https://mermaid.live and many viewers of Markdown draw:
///
/// ```
/// sequenceDiagram
///   participant f3 as /app/db
///   participant f4 as /app/client
///   f4->>f3: asks (ask 7)
///   Note over f3: run 1 failed: lost its connection
///   f3--xf4: fails with an error (ask 7)
///   Note over f3,f4: 0.340000 s
///   Note over f3: run 2 starts
/// ```
///
/// A send is drawn when its item enters the mailbox, as an arrow to who takes it later; where nobody does, it is a
/// note. Who neither sends nor has anything happen to it is left out.
///
/// @param bytes_max  of what does not fit, the earliest is left out, and counted in the first note
/// @pre run.keeps_all()
std::string to_mermaid(const trace& run, std::size_t bytes_max = mermaid_bytes_max);

} // namespace troupe
