// Scenes as JSON: what the page and `troupe top` read.

#pragma once

#include <troupe/observe/scene.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// A scene in parts, each as JSON: a part that reads the same needs no sending.
struct scene_parts {
  std::map<std::uint64_t, std::string> nodes; ///< By key.
  std::map<std::string, std::string> flows;   ///< By name.
  std::string rest;                           ///< `"title":"...","cycles":[...]`: members of an object.
  scene_time at = 0;
};

scene_parts parts_of(const scene& of);

/// An object with `at`, what the scene says of itself, `nodes` and `flows`. Times are in milliseconds since the observer
/// was made; what is not known, or does not apply, is left out.
std::string to_json(const scene_parts& whole);

/// What has changed since `before`: as above with the nodes and flows that are new or other than they were, and `gone`
/// and `flows_gone`, the keys and names of those that are no more. Empty: nothing has.
std::string difference(const scene_parts& before, const scene_parts& now);

/// Of `to_json`. Nothing: it is none.
std::optional<scene> read_scene(std::string_view json);

} // namespace troupe
