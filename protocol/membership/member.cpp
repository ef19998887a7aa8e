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
#include "protocol/trust/bundle.h"
#include "protocol/trust/certificate.h"

namespace nemo::membership {

using namespace trust;

namespace {

constexpr size_t max_member_json = 64 << 10;

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

std::string to_json(const SpiffeId &id, const Places &places) {
  llvm::json::Array brokers;
  for (const std::string &broker : places.brokers)
    brokers.push_back(broker);
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", llvm::json::Value(llvm::json::Object{
                                                               {"version", 1},
                                                               {"id", id.text()},
                                                               {"authority", places.authority},
                                                               {"brokers", std::move(brokers)},
                                                           }))
                                 << "\n";
  return text;
}

/// Everything but the keys.
llvm::Error write_rest(const std::string &directory, const SpiffeId &id,
                       const Credentials &credentials, const Places &places) {
  auto document = to_document(credentials.bundle);
  if (!document)
    return document.takeError();
  const std::pair<const char *, std::string> files[] = {
      {"roots.pem", to_pem(credentials.bundle.roots)},
      {"bundle.json", std::move(*document)},
      {"revocations", credentials.revocations.signed_bytes()},
      {"chain.pem", to_pem(credentials.chain)},
      {"member.json", to_json(id, places)},
  };
  for (const auto &[name, bytes] : files)
    if (auto error = replace_file(directory + "/" + name, bytes, 0600))
      return error;
  return llvm::Error::success();
}

} // namespace

std::string inbox_prefix(const SpiffeId &id) {
  return "_INBOX." + to_text(id.role).str() + "." + id.name;
}

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
                           const Credentials &credentials, const Places &places) {
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
  if (auto error = key.save(beside + "/signing.key"))
    return error;
  if (id.role == Role::node) {
    auto sealing = SealingKey::generate();
    if (!sealing)
      return sealing.takeError();
    if (auto error = sealing->save(beside + "/sealing.key"))
      return error;
  }
  if (auto error = write_rest(beside, id, credentials, places))
    return error;
  if (::rename(beside.c_str(), directory.c_str()) != 0)
    return system_failure(errno, "{}", directory);
  undo.release();
  return sync_directory(parent);
}

llvm::Expected<Member> Member::load(const std::string &directory) {
  auto text = read_whole(directory + "/member.json", max_member_json);
  if (!text)
    return text.takeError();
  auto json = llvm::json::parse(*text);
  if (!json)
    return failure("{}/member.json: {}", directory, llvm::toString(json.takeError()));
  const llvm::json::Object *object = json->getAsObject();
  const auto id_text = object ? object->getString("id") : std::nullopt;
  const auto authority = object ? object->getString("authority") : std::nullopt;
  const llvm::json::Array *brokers = object ? object->getArray("brokers") : nullptr;
  if (!id_text || !authority || !brokers || brokers->size() > max_brokers)
    return failure("{}/member.json does not say who this member is and where its fleet", directory);
  auto id = parse_id(*id_text);
  if (!id)
    return id.takeError();
  auto key = SigningKey::load(directory + "/signing.key");
  if (!key)
    return key.takeError();
  Member made(directory, std::move(*id), std::move(*key));
  made.places_.authority = authority->str();
  for (const llvm::json::Value &broker : *brokers)
    if (auto address = broker.getAsString())
      made.places_.brokers.push_back(address->str());
  if (made.id_.role == Role::node) {
    auto sealing = SealingKey::load(directory + "/sealing.key");
    if (!sealing)
      return sealing.takeError();
    made.sealing_ = std::move(*sealing);
  }
  auto chain = read_whole(directory + "/chain.pem", max_document);
  auto document = read_whole(directory + "/bundle.json", max_document);
  auto list = read_whole(directory + "/revocations", max_signed);
  if (!chain || !document || !list)
    return llvm::joinErrors(llvm::joinErrors(chain.takeError(), document.takeError()),
                            list.takeError());
  auto certificates = certificates_in(*chain);
  if (!certificates)
    return certificates.takeError();
  made.credentials_.chain = std::move(*certificates);
  auto bundle = read_document(*document, made.id_.fleet);
  if (!bundle)
    return bundle.takeError();
  made.credentials_.bundle = std::move(*bundle);
  if (!list->empty()) {
    auto revocations = Revocations().next(*list, made.credentials_.bundle, now());
    if (!revocations)
      return revocations.takeError();
    made.credentials_.revocations = std::move(*revocations);
  }
  return made;
}

llvm::Error Member::replace(Credentials credentials, Places places) {
  if (auto error = write_rest(directory_, id_, credentials, places))
    return error;
  credentials_ = std::move(credentials);
  places_ = std::move(places);
  return llvm::Error::success();
}

llvm::Expected<Svid> Member::svid(UnixNanos at) const {
  return verify_svid(credentials_.chain, credentials_.bundle, at);
}

} // namespace nemo::membership
