// The file itself: opened, bounded, handed on.
#include "intent/fleet/fleet_file.h"

#include <fmt/format.h>

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

#include "base/diagnostics/registry.h"
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
    return file;
  };
  // One byte more than the limit is enough to refuse it; devices and pipes end there too.
  auto descriptor = llvm::sys::fs::openNativeFileForRead(path);
  if (!descriptor)
    return refuse(llvm::toString(descriptor.takeError()));
  llvm::SmallString<0> bytes;
  std::string failure;
  while (bytes.size() <= file_limit) {
    const size_t before = bytes.size();
    bytes.resize_for_overwrite(before + (1u << 20));
    auto count = llvm::sys::fs::readNativeFile(
        *descriptor, llvm::MutableArrayRef<char>(bytes.data() + before, 1u << 20));
    bytes.resize(before + (count ? *count : 0));
    if (!count) {
      failure = llvm::toString(count.takeError());
      break;
    }
    if (*count == 0)
      break;
  }
  llvm::sys::fs::closeFile(*descriptor);
  return failure.empty() ? parse_fleet(path, bytes.str().str()) : refuse(failure);
}

} // namespace nemo::fleet
