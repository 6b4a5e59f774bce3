// What the help says of a program and of each command.

#pragma once

namespace troupe::tools {

/// The words around the options of one command. Lines of at most 80 columns. An @ stands for the name of the program.
struct description {
  const char* name;    ///< Of the program itself: empty.
  const char* summary; ///< One line, for the list of the commands.
  const char* about;   ///< Above the options; no newline at the end.
  const char* notes;   ///< Below them; empty, or whole lines.
};

} // namespace troupe::tools
