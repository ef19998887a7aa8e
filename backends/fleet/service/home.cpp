#include "backends/fleet/service/home.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "llvm/Support/JSON.h"

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "protocol/membership/exchange.h"
#include "protocol/membership/member.h"

namespace nemo::service {

using membership::Address;

llvm::Expected<std::string> Home::place() {
  auto paths = agent_paths();
  if (!paths)
    return paths.takeError();
  return paths->state + "/fleet";
}

llvm::Expected<std::string> member_place(trust::Role role) {
  auto place = Home::place();
  if (!place)
    return place.takeError();
  return *place + "/" + to_text(role).str();
}

llvm::Expected<Home> Home::load() {
  auto directory = place();
  if (!directory)
    return directory.takeError();
  const std::string path = *directory + "/fleet.json";
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    Diagnostic fault = diag::make(diag::N0844, "this machine holds no fleet");
    fault.notes.push_back({"looked in " + *directory});
    fault.fix = "`nemo fleet init NAME` makes one; else run this on the machine that holds it";
    return failure(std::move(fault));
  }
  auto text = read_file(path, 64 << 10);
  if (!text)
    return failure("{}: {}", path, llvm::toString(text.takeError()));
  auto json = llvm::json::parse(*text);
  if (!json)
    return failure("{}: {}", path, llvm::toString(json.takeError()));
  const llvm::json::Object *object = json->getAsObject();
  auto named = [&](const char *key) {
    return object ? object->getString(key).value_or("") : llvm::StringRef();
  };
  Home home{*directory, named("fleet").str(), {}, {}};
  auto broker = membership::parse_address(named("broker"), 0);
  auto authority = membership::parse_address(named("authority"), 0);
  if (!broker || !authority || !trust::is_fleet_name(home.fleet)) {
    llvm::consumeError(llvm::joinErrors(broker.takeError(), authority.takeError()));
    return failure("{} does not say which fleet this is and where it listens", path);
  }
  home.broker = *broker;
  home.authority = *authority;
  return home;
}

llvm::Error Home::save() const {
  const llvm::json::Value json = llvm::json::Object{
      {"version", 1}, {"fleet", fleet}, {"broker", broker.text()}, {"authority", authority.text()}};
  return membership::replace_file(directory + "/fleet.json",
                                  std::string(llvm::formatv("{0:2}\n", json)), 0600);
}

std::string who() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  passwd entry{}, *found = nullptr;
  char buffer[4096];
  const bool has_name =
      ::getpwuid_r(::geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found;
  return fmt::format("{}@{}", has_name ? entry.pw_name : std::to_string(::geteuid()), host);
}

std::string own_address() {
  // Nothing is sent: the kernel only says which of its addresses it would use.
  const membership::Socket socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in other{}, own{};
  other.sin_family = AF_INET;
  other.sin_port = htons(9);
  ::inet_pton(AF_INET, "192.0.2.1", &other.sin_addr);
  socklen_t size = sizeof own;
  char text[INET_ADDRSTRLEN] = "";
  if (socket.get() >= 0 &&
      ::connect(socket.get(), reinterpret_cast<sockaddr *>(&other), sizeof other) == 0 &&
      ::getsockname(socket.get(), reinterpret_cast<sockaddr *>(&own), &size) == 0 &&
      ::inet_ntop(AF_INET, &own.sin_addr, text, sizeof text))
    return text;
  return "127.0.0.1";
}

} // namespace nemo::service
