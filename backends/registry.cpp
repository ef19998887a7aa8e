#include "backends/registry.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "llvm/ADT/SmallVector.h"

namespace nemo::backends {

namespace {

constexpr llvm::StringLiteral prefix = "nemo-backend-";

bool is_name(llvm::StringRef name) {
  return !name.empty() && name.size() <= 63 && name.front() != '-' &&
         llvm::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

llvm::Error unknown(const std::string &name) {
  Diagnostic fault = diag::make(diag::N0804, "there is no backend '" + name + "'");
  fault.notes.push_back({"known here: " + llvm::join(names(), ", ")});
  fault.notes.push_back({"an executable " + prefix.str() + "NAME on PATH is a backend too"});
  if (auto meant = did_you_mean(name, names()))
    fault.fix = "did you mean --backend " + *meant + "?";
  return failure(std::move(fault));
}

} // namespace

std::vector<std::string> names() {
  std::vector<std::string> all = {"fleet", "local", "null"};
  const char *path = std::getenv("PATH");
  llvm::SmallVector<llvm::StringRef> folders;
  llvm::StringRef(path != nullptr ? path : "").split(folders, ':', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef folder : folders) {
    std::error_code ignored;
    for (auto entry = std::filesystem::directory_iterator(folder.str(), ignored);
         !ignored && entry != std::filesystem::directory_iterator(); entry.increment(ignored)) {
      const std::string file = entry->path().filename().string();
      llvm::StringRef name = file;
      if (name.consume_front(prefix) && is_name(name))
        all.push_back(name.str());
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

llvm::Expected<Backend> open(const Choice &choice) {
  if (choice.name == "null")
    return Backend(null::Backend(choice.fleet));
  if (choice.name == "local") {
    auto local = local::Backend::open(choice.start_agent);
    if (!local)
      return local.takeError();
    return Backend(std::move(*local));
  }
  if (choice.name == "fleet") {
    auto fleet = fleet::Backend::open();
    if (!fleet)
      return fleet.takeError();
    fleet->deliver_in(choice.term);
    fleet->hold_for(choice.lifetime);
    return Backend(std::move(*fleet));
  }
  if (!is_name(choice.name) || !llvm::is_contained(names(), choice.name))
    return unknown(choice.name);
  auto plugin = plugin::Backend::open(choice.name);
  if (!plugin)
    return plugin.takeError();
  return Backend(std::move(*plugin));
}

} // namespace nemo::backends
