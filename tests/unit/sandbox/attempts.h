// Every way out that we know, and what stands in it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "outside.h"

namespace nemo::sandbox {

/// One thing that refuses an attempt: restrictions that are left out together.
struct Layer {
  std::string name;
  std::vector<Restriction> restrictions;
};

struct Attempt {
  std::string name;
  std::vector<std::string> words; ///< of sandbox-escape
  std::vector<Layer> layers;      ///< each of them refuses it alone
  /// Left out in every run but the complete one: what cannot be had without a layer that is left
  /// out. (Filters and Landlock need "no new privileges" of a process without capabilities.)
  std::vector<Restriction> also = {};
  std::string program = {}; ///< instead of sandbox-escape
  std::function<void(Spec &)> change = {};
  std::string needs = {};     ///< an ability of the host
  std::string only_root = {}; ///< why an ordinary user can skip it
  std::string lacks = {};     ///< why it cannot be tried here
  /// What a complete sandbox tells of it, "SUBJECT WHAT"; empty: the kernel tells nobody.
  std::string report = {};
  /// Instead of the exit code.
  std::function<bool(const Spec &)> escaped = {};
};

std::vector<Attempt> attempts(Outside &outside);

} // namespace nemo::sandbox
