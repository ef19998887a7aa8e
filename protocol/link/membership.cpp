#include "protocol/link/membership.h"

#include <filesystem>

#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "base/files.h"
#include "base/membership.h"
#include "protocol/trust/bundle.h"
#include "protocol/trust/certificate.h"

namespace nemo::link {

namespace {

constexpr uint64_t max_file = 1 << 20;
constexpr size_t max_servers = 16;

llvm::Expected<std::string> read(const std::string &path) {
  auto bytes = read_file(path, max_file);
  if (!bytes)
    return failure("{}: {}", path, llvm::toString(bytes.takeError()));
  if (bytes->size() > max_file)
    return failure("{}: larger than {} bytes", path, max_file);
  return bytes;
}

template <typename T> llvm::Expected<T> of(const std::string &path, llvm::Expected<T> value) {
  if (!value)
    return failure("{}: {}", path, llvm::toString(value.takeError()));
  return value;
}

struct About {
  trust::SpiffeId id;
  std::vector<std::string> servers;
  uint32_t report_ms = 20'000, heartbeat_ms = 1'000;
};

llvm::Expected<About> read_about(llvm::StringRef text) {
  auto json = llvm::json::parse(text);
  if (!json)
    return json.takeError();
  const llvm::json::Object *all = json->getAsObject();
  if (!all || all->getInteger("version") != 1)
    return failure("it is not of version 1");
  About about;
  auto id = trust::parse_id(all->getString("id").value_or(""));
  if (!id)
    return id.takeError();
  about.id = std::move(*id);
  const llvm::json::Array *servers = all->getArray("servers");
  if (!servers || servers->empty() || servers->size() > max_servers)
    return failure("it has to name 1 to {} servers", max_servers);
  for (const llvm::json::Value &one : *servers) {
    const llvm::StringRef url = one.getAsString().value_or("");
    if (!url.startswith("tls://") || url.size() > 300)
      return failure("a server is named as tls://HOST:PORT, not as {}", trust::shown(url));
    about.servers.push_back(url.str());
  }
  for (auto [name, value] :
       {std::pair("report_ms", &about.report_ms), std::pair("heartbeat_ms", &about.heartbeat_ms)})
    if (const auto given = all->getInteger(name)) {
      if (*given < 100 || *given > 60'000)
        return failure("{} is {}; it can be 100 to 60000", name, *given);
      *value = static_cast<uint32_t>(*given);
    }
  return about;
}

} // namespace

bool has_membership(const std::string &directory) {
  std::error_code unknown;
  return std::filesystem::exists(directory + "/" + membership::about.str(), unknown);
}

llvm::Expected<Membership> load_membership(const std::string &directory, UnixNanos now) {
  auto path = [&](llvm::StringRef name) { return directory + "/" + name.str(); };
  auto text = read(path(membership::about));
  if (!text)
    return text.takeError();
  auto about = of(path(membership::about), read_about(*text));
  if (!about)
    return about.takeError();
  auto key = trust::SigningKey::load(path(membership::key));
  if (!key)
    return key.takeError();
  auto pem = read(path(membership::chain));
  if (!pem)
    return pem.takeError();
  auto chain = of(path(membership::chain), trust::certificates_in(*pem));
  if (!chain)
    return chain.takeError();
  auto document = read(path(membership::bundle));
  if (!document)
    return document.takeError();
  auto bundle = of(path(membership::bundle), trust::read_document(*document, about->id.fleet));
  if (!bundle)
    return bundle.takeError();
  auto svid = of(path(membership::chain), trust::verify_svid(*chain, *bundle, now));
  if (!svid)
    return svid.takeError();
  if (svid->id != about->id || svid->key_ids.front() != key->id())
    return failure("{}: a certificate of {} and another key than that in {}",
                   path(membership::chain), svid->id.text(), path(membership::key));
  Membership member{directory,
                    about->id,
                    std::move(*key),
                    std::move(*chain),
                    {},
                    std::move(*bundle),
                    {},
                    std::move(about->servers),
                    about->report_ms,
                    about->heartbeat_ms};
  std::error_code unknown;
  if (std::filesystem::exists(path(membership::revocations), unknown)) {
    auto bytes = read_file(path(membership::revocations), trust::max_signed);
    if (!bytes)
      return bytes.takeError();
    auto list =
        of(path(membership::revocations), trust::Revocations().next(*bytes, member.bundle, now));
    if (!list)
      return list.takeError();
    member.revocations = std::move(*list);
  }
  if (std::filesystem::exists(path(membership::delegation), unknown)) {
    auto bytes = read(path(membership::delegation));
    if (!bytes)
      return bytes.takeError();
    member.delegation = std::move(*bytes);
  }
  return member;
}

} // namespace nemo::link
