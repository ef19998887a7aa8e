// What is supposed to change: a node or a site lost, carbon or prices of a place, nodes that are
// added. Each is laid upon what the compiler would see, and nowhere else.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "intent/fleet/fleet_file.h"
#include "protocol/fleet.pb.h"
#include "protocol/intent.pb.h"

namespace nemo::orchestrator {

/// The node and its links go. What runs there stays, and is planned for as lost.
void remove_node(proto::Fleet &fleet, const std::string &name);

class Supposer {
public:
  /// Both are changed; what the intent declares of a site or node would win over the fleet.
  Supposer(proto::Intent &intent, proto::Fleet &fleet) : intent_(intent), fleet_(fleet) {}

  void lose(const std::string &what);     ///< "node.gw1", "site.athens", or the bare name
  void carbon(const std::string &what);   ///< "GR=+30%", "site.athens=90gCO2e/kWh"
  void price(const std::string &what);    ///< the same of electricity, or "node.gw1=+10%"
  void add(const fleet::FleetFile &file); ///< its sites, nodes and links

  std::vector<std::string> changes;    ///< as they were understood: "node gw1 is lost"
  std::vector<Diagnostic> diagnostics; ///< N0840, N0841, N0842

private:
  struct Change; ///< by a factor, or to a value
  struct Place;  ///< what a name before `=` means
  void refuse(const std::string &message, std::string fix);
  void unknown(const std::string &what, const std::string &name,
               const std::vector<std::string> &known);
  bool split(const std::string &what, bool carbon, Place &place, Change &change);
  std::vector<std::string> sites_of(const Place &place);
  void change_sites(const std::string &what, bool carbon);
  void change_node(const Place &place, const Change &change);
  void lose_node(const std::string &name);

  proto::Intent &intent_;
  proto::Fleet &fleet_;
};

} // namespace nemo::orchestrator
