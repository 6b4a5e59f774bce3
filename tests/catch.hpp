// Catch2, whichever generation the distribution has: 2.13 (Debian 12, Ubuntu 22.04) or 3 (Debian 13, Ubuntu 24.04).

#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx; // where Catch2 2 has it
using Catch::Matchers::ContainsSubstring;
#else
#define CATCH_CONFIG_FAST_COMPILE
#include <catch2/catch.hpp>
inline auto ContainsSubstring(const std::string& part) { return Catch::Matchers::Contains(part); }
#endif
