// A node of the fleet's form. What it is called and where it stands is checked by who knows the
// whole fleet.
#pragma once

#include "intent/fleet/reader.h"

namespace nemo::fleet {

class NodeReader {
public:
  explicit NodeReader(Reader &reader);

  /// Where the names are that others must know; null where there is none that is right.
  struct Places {
    const Yaml *name = nullptr, *site = nullptr;
  };
  Places read(const Yaml &map, proto::Node &node);

private:
  void resources(const Yaml &map, proto::Node &node);
  void read_gpus(const Yaml &list, proto::Node &node);
  void read_cordon(const Yaml &value, llvm::StringRef key, proto::Node &node);
  void read_devices(const Yaml &map, proto::Node &node);
  void read_power(const Yaml &map, proto::Node &node);
  void read_suspend(const Yaml &map, proto::Node &node);
  void read_sandboxes(const Yaml &list, proto::Node &node);
  void read_capabilities(const Yaml &list, proto::Node &node);

  Reader &reader_;
  std::vector<std::string> classes_, architectures_, sandboxes_;
};

} // namespace nemo::fleet
