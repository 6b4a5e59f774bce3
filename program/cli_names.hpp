// The names of CLI11, for headers: its templates take longer to compile than most of what uses them.

#pragma once

namespace CLI {
class App;
class Option;
} // namespace CLI
