// A target needs a source before its headers are precompiled: see CMakeLists.txt.
