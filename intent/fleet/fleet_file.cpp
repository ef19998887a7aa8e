// The file itself: opened, bounded, handed on.
#include "intent/fleet/fleet_file.h"

#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "base/files.h"
#include "intent/fleet/read_fleet.h"
#include "intent/units/units.h"

namespace nemo::fleet {

FleetFile parse_fleet(const std::string &path, std::string text) {
  FleetFile file;
  file.path = path;
  file.text = std::move(text);
  if (file.text.size() > file_limit) {
    file.text.clear();
    file.diagnostics.push_back(diag::make(
        diag::N0404, fmt::format("larger than {}", units::show_bytes(file_limit)), path));
    return file;
  }
  if (llvm::StringRef(file.text).startswith("\xef\xbb\xbf"))
    file.text.erase(0, 3);
  const YamlTree tree = parse_yaml(path, file.text, file.diagnostics);
  if (file.diagnostics.empty())
    read_fleet(tree, file);
  return file;
}

FleetFile read_fleet_file(const std::string &path) {
  const auto refuse = [&](const std::string &why) {
    FleetFile file;
    file.path = path;
    file.diagnostics.push_back(
        diag::make(diag::N0402, fmt::format("{} cannot be read: {}", path, why), path));
    file.diagnostics.back().fix = "name a fleet file: YAML that begins with `fleet: 1`";
    return file;
  };
  auto text = read_file(path, file_limit, Input::stream);
  return text ? parse_fleet(path, std::move(*text)) : refuse(llvm::toString(text.takeError()));
}

} // namespace nemo::fleet
