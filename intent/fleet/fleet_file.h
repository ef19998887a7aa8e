// The fleet as a file: the documented YAML form, units as in the language, unknown keys are errors.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "protocol/fleet.pb.h"

namespace nemo::fleet {

struct FleetFile {
  proto::Fleet fleet; ///< meaningful only without errors
  std::vector<Diagnostic> diagnostics;
  std::string path;
  std::string text;
};

FleetFile read_fleet_file(const std::string &path);
FleetFile parse_fleet(const std::string &path, std::string text);

/// The same form, so that it reads back equal. What the form cannot say is left out: measurements,
/// capabilities that a node lacks and why, and who reported it.
std::string write_fleet(const proto::Fleet &fleet);

} // namespace nemo::fleet
