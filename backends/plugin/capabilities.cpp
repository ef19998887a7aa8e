#include "backends/plugin/backend.h"

#include "base/diagnostics/registry.h"
#include "base/error.h"

namespace nemo::backends::plugin {

llvm::Expected<wire::Client> Backend::start(const std::string &name, const std::string &program) {
  auto process = Subprocess::start({program}, {.pipe_stdin = true, .pipe_stdout = true});
  if (!process)
    return failure(
        diag::make(diag::N0804, "backend '" + name + "' " + llvm::toString(process.takeError())));
  return wire::Client(std::move(*process), "backend '" + name + "'");
}

llvm::Expected<Backend> Backend::open(const std::string &name) {
  const std::string program = find_program("nemo-backend-" + name);
  if (program.empty())
    return failure(diag::make(diag::N0804, "there is no backend '" + name + "'"));
  auto client = start(name, program);
  if (!client)
    return client.takeError();
  return Backend(name, program, std::move(*client));
}

llvm::Expected<proto::BackendCapabilities> Backend::capabilities() {
  return wire::capabilities(client_);
}

} // namespace nemo::backends::plugin
