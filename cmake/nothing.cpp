// Nothing: a target needs a source before its headers are precompiled. See precompiled.cmake.
