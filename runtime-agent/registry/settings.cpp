#include "runtime-agent/registry/settings.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/Support/Base64.h"
#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

namespace nemo::registry {

namespace {

namespace json = llvm::json;

constexpr uint64_t kMostBytes = 1 << 20;
constexpr int kMostDepth = 16;

llvm::Expected<Settings> parse(llvm::StringRef text, const std::string &path) {
  if (text.size() > kMostBytes || nests_deeper(text, kMostDepth))
    return failure("{} is larger or nested deeper than a list of registries is", path);
  auto value = json::parse(text);
  if (!value) {
    llvm::consumeError(value.takeError()); // it would quote the file
    return failure("{} is not JSON", path);
  }
  const json::Object *object = value->getAsObject();
  if (!object)
    return failure("{} is not a JSON object", path);
  Settings out;
  if (const json::Object *auths = object->getObject("auths"))
    for (const auto &[host, entry] : *auths) {
      const json::Object *one = entry.getAsObject();
      const auto coded = one ? one->getString("auth") : std::nullopt;
      std::vector<char> plain;
      if (!coded)
        continue; // kept by a helper of Docker's
      if (auto error = llvm::decodeBase64(*coded, plain)) {
        llvm::consumeError(std::move(error));
        return failure("{}: \"auth\" of {} is not base64 of user:password", path, host.str());
      }
      out.credentials[host.str()] = std::string(plain.begin(), plain.end());
    }
  if (const json::Array *list = object->getArray("plain-http"))
    for (const json::Value &one : *list) {
      if (!one.getAsString())
        return failure("{}: \"plain-http\" is a list of \"host:port\"", path);
      out.plain_http.push_back(one.getAsString()->str());
    }
  return out;
}

} // namespace

llvm::Expected<Settings> read_settings(const std::string &path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT)
    return Settings();
  struct stat info = {};
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    const int error = errno;
    if (fd >= 0)
      ::close(fd);
    return system_failure(error, "{}", path);
  }
  if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 077) != 0) {
    ::close(fd);
    return failure("{} holds passwords: it must be a file of user {} that nobody else may read "
                   "(chmod 600)",
                   path, ::geteuid());
  }
  auto text = read_descriptor(fd, kMostBytes);
  ::close(fd);
  if (!text)
    return text.takeError();
  return parse(*text, path);
}

} // namespace nemo::registry
