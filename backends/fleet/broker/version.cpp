#include "backends/fleet/broker/version.h"

#include <cstdlib>
#include <unistd.h>

#include "base/error.h"
#include "base/subprocess.h"
#include "protocol/trust/id.h"

namespace nemo::broker {

namespace {

/// Mended from `since` on within its line of releases, and in every line after `last`.
struct Fault {
  const char *text;
  std::vector<Version> mended; ///< the first good release of each line, oldest first
};

const std::vector<Fault> &faults() {
  static const std::vector<Fault> all = {
      {"CVE-2025-30215: a client with JetStream can call administrative APIs of other accounts",
       {{2, 10, 27}, {2, 11, 1}}},
      {"CVE-2026-33222: who may restore one stream can restore over others",
       {{2, 11, 15}, {2, 12, 6}}},
  };
  return all;
}

bool is_mended(const Version &version, const std::vector<Version> &mended) {
  for (const Version &first : mended)
    if (version.major == first.major && version.minor == first.minor)
      return version.patch > first.patch || (version.patch == first.patch && !version.preliminary);
  return version > mended.back();
}

} // namespace

std::string Version::text() const {
  return fmt::format("{}.{}.{}{}", major, minor, patch, preliminary ? " (preliminary)" : "");
}

std::optional<Version> parse_version(llvm::StringRef text) {
  text = text.trim();
  text.consume_front("nats-server: ");
  text.consume_front("v");
  Version version;
  if (text.consumeInteger(10, version.major) || !text.consume_front(".") ||
      text.consumeInteger(10, version.minor) || !text.consume_front(".") ||
      text.consumeInteger(10, version.patch))
    return std::nullopt;
  if (!text.empty() && text.front() != '-' && text.front() != '+')
    return std::nullopt;
  version.preliminary = text.starts_with("-");
  return version;
}

llvm::Expected<Server> find_server() {
  Server server;
  if (const char *named = std::getenv("NEMO_NATS_SERVER"); named && *named)
    server.program = named;
  else if (server.program = find_program("nats-server"); server.program.empty())
    server.program = "/usr/sbin/nats-server"; // where Debian has it, off the PATH of users
  if (::access(server.program.c_str(), X_OK) != 0)
    return failure("there is no nats-server: install the package nats-server (apt-get install "
                   "nats-server), or name one in NEMO_NATS_SERVER");
  auto said = run({server.program, "--version"});
  if (!said)
    return said.takeError();
  const auto version = parse_version(said->text);
  if (said->exit_code != 0 || !version)
    return failure("'{} --version' says {}, and no version", server.program,
                   trust::shown(said->text));
  if (*version < Version{2, 9, 0})
    return failure("{} is version {}; 2.9 or newer is needed", server.program, version->text());
  server.version = *version;
  return server;
}

std::vector<std::string> known_faults(const Version &version) {
  std::vector<std::string> found;
  for (const Fault &fault : faults()) {
    if (is_mended(version, fault.mended))
      continue;
    std::string where;
    for (const Version &first : fault.mended)
      where += (where.empty() ? "" : " and ") + first.text();
    found.push_back(fmt::format("{}; mended in {}", fault.text, where));
  }
  return found;
}

bool can_sync_always(const Version &version) { return version >= Version{2, 10, 0}; }

} // namespace nemo::broker
