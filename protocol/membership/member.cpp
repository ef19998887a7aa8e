#include "protocol/membership/member.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "base/files.h"
#include "protocol/membership/address.h"
#include "protocol/trust/bundle.h"
#include "protocol/trust/certificate.h"

namespace nemo::membership {

using namespace trust;

namespace {

constexpr size_t max_member_json = 64 << 10;
/// What lies on the disk was accepted before: its time has passed, whatever the clock says.
constexpr UnixNanos any_time = UnixNanos::max() - std::chrono::hours(24);

llvm::Expected<std::string> read_whole(const std::string &path, size_t most) {
  auto bytes = read_file(path, most);
  if (!bytes)
    return failure("{}: {}", path, llvm::toString(bytes.takeError()));
  if (bytes->size() > most)
    return failure("{} has more than {} bytes", path, most);
  return bytes;
}

llvm::Error sync_directory(const std::string &path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return system_failure(errno, "{}", path);
  const int result = ::fsync(fd), error = errno;
  ::close(fd);
  return result == 0 ? llvm::Error::success() : system_failure(error, "{}", path);
}

std::string to_json(const SpiffeId &id, const Places &places, const NodeSettings &settings) {
  llvm::json::Array brokers;
  for (const std::string &broker : places.brokers)
    brokers.push_back(broker);
  llvm::json::Object all{{"version", 1},
                         {"id", id.text()},
                         {"authority", places.authority},
                         {"brokers", std::move(brokers)}};
  if (!settings.site.empty())
    all["site"] = settings.site;
  if (!settings.node_class.empty())
    all["class"] = settings.node_class;
  if (!settings.address.empty())
    all["address"] = settings.address;
  if (!settings.peer_listen.empty())
    all["peer_listen"] = settings.peer_listen;
  const NodeSettings usual;
  if (settings.report_ms != usual.report_ms)
    all["report_ms"] = settings.report_ms;
  if (settings.heartbeat_ms != usual.heartbeat_ms)
    all["heartbeat_ms"] = settings.heartbeat_ms;
  if (settings.renew_s != usual.renew_s)
    all["renew_s"] = settings.renew_s;
  return llvm::formatv("{0:2}\n", llvm::json::Value(std::move(all)));
}

llvm::Expected<NodeSettings> read_settings(const llvm::json::Object &all) {
  NodeSettings settings;
  for (auto [name, value] :
       {std::pair("site", &settings.site), std::pair("class", &settings.node_class)})
    if (const auto given = all.getString(name)) {
      if (!is_member_name(*given))
        return failure("{} {} is no name", name, shown(*given));
      *value = given->str();
    }
  settings.address = all.getString("address").value_or("").str();
  if (!settings.address.empty() && !parse_address(settings.address, 1))
    return failure("address {} is no host", shown(settings.address));
  settings.peer_listen = all.getString("peer_listen").value_or("").str();
  if (!settings.peer_listen.empty())
    if (auto listen = parse_address(settings.peer_listen, 0); !listen)
      return failure("peer_listen: {}", llvm::toString(listen.takeError()));
  for (auto [name, value, least, most] :
       {std::tuple("report_ms", &settings.report_ms, 100, 60'000),
        std::tuple("heartbeat_ms", &settings.heartbeat_ms, 100, 60'000),
        std::tuple("renew_s", &settings.renew_s, 1, 86'400)})
    if (const auto given = all.getInteger(name)) {
      if (*given < least || *given > most)
        return failure("{} is {}; it can be {} to {}", name, *given, least, most);
      *value = static_cast<uint32_t>(*given);
    }
  return settings;
}

llvm::Error write(const std::string &directory, llvm::StringRef name, llvm::StringRef bytes) {
  return replace_file(directory + "/" + name.str(), bytes, 0600);
}

llvm::Error write_roots(const std::string &directory, const Bundle &roots) {
  auto document = to_document(roots);
  if (!document)
    return document.takeError();
  if (auto error = write(directory, membership::roots, to_pem(roots.roots)))
    return error;
  return write(directory, membership::bundle, *document);
}

/// Everything but the keys.
llvm::Error write_rest(const std::string &directory, const SpiffeId &id,
                       const Credentials &credentials, const Places &places,
                       const NodeSettings &settings) {
  if (auto error = write_roots(directory, credentials.bundle))
    return error;
  if (auto error =
          write(directory, membership::revocations, credentials.revocations.signed_bytes()))
    return error;
  if (auto error = write(directory, membership::chain, to_pem(credentials.chain)))
    return error;
  return write(directory, membership::about, to_json(id, places, settings));
}

} // namespace

llvm::Error replace_file(const std::string &path, llvm::StringRef bytes, unsigned mode) {
  const std::string beside = fmt::format("{}.{}.new", path, ::getpid());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                        static_cast<mode_t>(mode));
  if (fd < 0)
    return system_failure(errno, "{}", beside);
  int error = 0;
  for (llvm::StringRef left = bytes; error == 0 && !left.empty();) {
    const ssize_t n = ::write(fd, left.data(), left.size());
    if (n > 0)
      left = left.drop_front(static_cast<size_t>(n));
    else if (n < 0 && errno != EINTR)
      error = errno;
  }
  if (error == 0 && ::fsync(fd) != 0)
    error = errno;
  ::close(fd);
  if (error == 0 && ::rename(beside.c_str(), path.c_str()) != 0)
    error = errno;
  if (error != 0) {
    ::unlink(beside.c_str());
    return system_failure(error, "{}", path);
  }
  return sync_directory(std::filesystem::path(path).parent_path().string());
}

llvm::Error Member::create(const std::string &directory, const SpiffeId &id, const SigningKey &key,
                           const Credentials &credentials, const Places &places,
                           const NodeSettings &settings) {
  namespace fs = std::filesystem;
  std::error_code none;
  if (fs::exists(fs::symlink_status(directory, none)))
    return failure("{} is there already: this machine has an identity in a fleet", directory);
  const std::string beside = fmt::format("{}.{}.new", directory, ::getpid());
  const std::string parent = fs::path(directory).parent_path().string();
  fs::create_directories(parent, none);
  if (::mkdir(beside.c_str(), 0700) != 0)
    return system_failure(errno, "{}", beside);
  auto undo = llvm::make_scope_exit([&] { fs::remove_all(beside, none); });
  if (auto error = key.save(beside + "/" + membership::key.str()))
    return error;
  if (id.role == Role::node) {
    auto sealing = SealingKey::generate();
    if (!sealing)
      return sealing.takeError();
    if (auto error = sealing->save(beside + "/" + membership::sealing_key.str()))
      return error;
  }
  if (auto error = write_rest(beside, id, credentials, places, settings))
    return error;
  if (::rename(beside.c_str(), directory.c_str()) != 0)
    return system_failure(errno, "{}", directory);
  undo.release();
  return sync_directory(parent);
}

llvm::Expected<Member> Member::load(const std::string &directory) {
  auto path = [&](llvm::StringRef name) { return directory + "/" + name.str(); };
  auto text = read_whole(path(about), max_member_json);
  if (!text)
    return text.takeError();
  auto json = llvm::json::parse(*text);
  if (!json)
    return failure("{}: {}", path(about), llvm::toString(json.takeError()));
  const llvm::json::Object *object = json->getAsObject();
  const auto id_text = object ? object->getString("id") : std::nullopt;
  const auto authority = object ? object->getString("authority") : std::nullopt;
  const llvm::json::Array *brokers = object ? object->getArray("brokers") : nullptr;
  if (!id_text || !authority || !brokers || brokers->size() > max_brokers)
    return failure("{} does not say who this member is and where its fleet", path(about));
  auto id = parse_id(*id_text);
  if (!id)
    return id.takeError();
  auto key = SigningKey::load(path(membership::key));
  if (!key)
    return key.takeError();
  Member made(directory, std::move(*id), std::move(*key));
  auto settings = read_settings(*object);
  if (!settings)
    return failure("{}: {}", path(about), llvm::toString(settings.takeError()));
  made.settings_ = std::move(*settings);
  made.places_.authority = authority->str();
  for (const llvm::json::Value &broker : *brokers)
    if (auto address = broker.getAsString())
      made.places_.brokers.push_back(address->str());
  if (made.id_.role == Role::node) {
    auto sealing = SealingKey::load(path(membership::sealing_key));
    if (!sealing)
      return sealing.takeError();
    made.sealing_ = std::move(*sealing);
  }
  auto chain = read_whole(path(membership::chain), max_document);
  auto document = read_whole(path(membership::bundle), max_document);
  auto list = read_whole(path(membership::revocations), max_signed);
  if (!chain || !document || !list)
    return llvm::joinErrors(llvm::joinErrors(chain.takeError(), document.takeError()),
                            list.takeError());
  auto certificates = certificates_in(*chain);
  if (!certificates)
    return certificates.takeError();
  if (certificates->empty())
    return failure("{} holds no certificate", path(membership::chain));
  made.credentials_.chain = std::move(*certificates);
  auto bundle = read_document(*document, made.id_.fleet);
  if (!bundle)
    return bundle.takeError();
  made.credentials_.bundle = std::move(*bundle);
  if (!list->empty()) {
    auto revocations = Revocations().next(*list, made.credentials_.bundle, any_time);
    if (!revocations)
      return revocations.takeError();
    made.credentials_.revocations = std::move(*revocations);
  }
  std::error_code unknown;
  if (std::filesystem::exists(path(membership::delegation), unknown)) {
    auto bytes = read_whole(path(membership::delegation), max_signed);
    if (!bytes)
      return bytes.takeError();
    made.delegation_ = std::move(*bytes);
  }
  if (auto error = made.check_certificate())
    return failure("{}: {}", path(membership::chain), llvm::toString(std::move(error)));
  return made;
}

/// That it was this member's when it was made, whatever the time is now.
llvm::Error Member::check_certificate() {
  auto leaf = parse_certificate(credentials_.chain.front());
  if (!leaf)
    return leaf.takeError();
  begins_ = not_before(leaf->get());
  ends_ = not_after(leaf->get());
  auto svid = this->svid(std::clamp(now(), begins_, ends_ - std::chrono::seconds(1)));
  if (!svid)
    return svid.takeError();
  if (svid->id != id_ || svid->key_ids.front() != key_.id())
    return failure("a certificate of {} and another key than that in {}", svid->id.text(),
                   file(membership::key));
  return llvm::Error::success();
}

bool Member::is_renewal_due(UnixNanos at) const {
  return at > begins_ + (settings_.renew_s != 0 ? std::chrono::seconds(settings_.renew_s)
                                                : (ends_ - begins_) / 2);
}

bool Member::is_there(const std::string &directory) {
  std::error_code unknown;
  return std::filesystem::exists(directory + "/" + about.str(), unknown);
}

llvm::Error Member::replace(Bundle bundle) {
  if (auto error = write_roots(directory_, bundle))
    return error;
  credentials_.bundle = std::move(bundle);
  return llvm::Error::success();
}

llvm::Error Member::replace(Revocations revocations) {
  if (auto error = write(directory_, membership::revocations, revocations.signed_bytes()))
    return error;
  credentials_.revocations = std::move(revocations);
  return llvm::Error::success();
}

llvm::Error Member::replace_delegation(std::string delegation) {
  if (auto error = write(directory_, membership::delegation, delegation))
    return error;
  delegation_ = std::move(delegation);
  return llvm::Error::success();
}

llvm::Error Member::replace(Credentials credentials, Places places) {
  if (auto error = write_rest(directory_, id_, credentials, places, settings_))
    return error;
  credentials_ = std::move(credentials);
  places_ = std::move(places);
  return check_certificate();
}

llvm::Expected<Svid> Member::svid(UnixNanos at) const {
  return verify_svid(credentials_.chain, credentials_.bundle, at);
}

} // namespace nemo::membership
