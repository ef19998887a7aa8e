// From the YAML tree to the fleet: what each key means.
#pragma once

#include "intent/fleet/fleet_file.h"
#include "intent/fleet/yaml_tree.h"

namespace nemo::fleet {

/// Fills file.fleet and adds to file.diagnostics.
void read_fleet(const YamlTree &tree, FleetFile &file);

} // namespace nemo::fleet
