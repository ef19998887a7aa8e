#include "backends/fleet/service/members.h"

#include <fcntl.h>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

#include "llvm/Support/JSON.h"

#include "backends/fleet/broker/configuration.h"
#include "backends/fleet/broker/process.h"
#include "base/error.h"
#include "base/files.h"
#include "protocol/link/connection.h"

namespace nemo::service {

namespace {

using namespace std::chrono_literals;
using membership::Member;

constexpr auto question_limit = 3s;
constexpr auto reload_limit = 5s;
constexpr auto unseen_reload = 200ms;
constexpr size_t max_configuration = 64 << 20;

/// A server's answer about itself: its "data".
llvm::Expected<llvm::json::Object> ask_system(const Home &home, const std::string &what,
                                              llvm::StringRef question) {
  auto own = Member::load(home.broker_directory());
  if (!own)
    return own.takeError();
  auto broker = link::Connection::open(*own, {}, question_limit);
  if (!broker)
    return broker.takeError();
  auto answer = (*broker)->request("$SYS.REQ.SERVER.PING." + what, question, {}, question_limit);
  if (!answer)
    return answer.takeError();
  auto json = llvm::json::parse(answer->data);
  if (!json)
    return json.takeError();
  llvm::json::Object *object = json->getAsObject();
  llvm::json::Object *data = object ? object->getObject("data") : nullptr;
  if (!data)
    return failure("the broker's answer to {} has no data", what);
  return std::move(*data);
}

llvm::Expected<std::string> loaded_at(const Home &home) {
  auto facts = ask_system(home, "VARZ", "");
  if (!facts)
    return facts.takeError();
  return facts->getString("config_load_time").value_or("").str();
}

llvm::Error reload(const Home &home) {
  const broker::Process process(home.broker_directory());
  if (process.running() == 0)
    return llvm::Error::success();
  auto before = loaded_at(home);
  if (auto error = process.reload())
    return llvm::joinErrors(before.takeError(), std::move(error));
  if (!before) { // its certificate has ended, say, and it takes a new one just now
    llvm::consumeError(before.takeError());
    std::this_thread::sleep_for(unseen_reload);
    return llvm::Error::success();
  }
  for (const auto until = std::chrono::steady_clock::now() + reload_limit;;) {
    std::this_thread::sleep_for(5ms);
    auto after = loaded_at(home);
    if (after && *after != *before)
      return llvm::Error::success();
    llvm::consumeError(after.takeError());
    if (std::chrono::steady_clock::now() > until)
      return failure("the broker does not take its new configuration: see {}", process.log_path());
  }
}

llvm::Expected<membership::Socket> take_turn(const Home &home) {
  membership::Socket lock(::open((home.broker_directory() + "/lock").c_str(),
                                 O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  while (lock.get() >= 0 && ::flock(lock.get(), LOCK_EX) != 0)
    if (errno != EINTR)
      return system_failure(errno, "{}/lock", home.broker_directory());
  if (lock.get() < 0)
    return system_failure(errno, "{}/lock", home.broker_directory());
  return lock;
}

llvm::Error write_and_reload(const Home &home, std::vector<broker::Peer> members, bool anyway) {
  auto server = broker::find_server();
  if (!server)
    return server.takeError();
  broker::Settings settings;
  settings.fleet = home.fleet;
  settings.name = home.broker_id().name;
  settings.listen = home.broker;
  settings.directory = home.broker_directory();
  settings.members = std::move(members);
  settings.sync_always = broker::can_sync_always(server->version);
  const std::string text = broker::configuration(settings);
  const std::string path = broker::Process(home.broker_directory()).configuration_path();
  // What the broker was told to load: whoever is killed in between has told it nothing.
  const std::string told = path + ".told";
  auto there = read_file(told, max_configuration);
  const bool differs = !there || *there != text;
  if (!there)
    llvm::consumeError(there.takeError());
  if (!differs && !anyway)
    return llvm::Error::success();
  if (auto error = membership::replace_file(path, text, 0600))
    return error;
  if (auto error = reload(home))
    return error;
  return membership::replace_file(told, text, 0600);
}

} // namespace

llvm::Expected<std::vector<broker::Peer>> peers(authority::Authority &authority, UnixNanos now) {
  auto certified = authority.certified(now);
  if (!certified)
    return certified.takeError();
  std::vector<broker::Peer> members;
  for (auto &one : *certified) {
    if (members.empty() || members.back().id != one.id)
      members.push_back({std::move(one.id), {}});
    members.back().key_ids.push_back(std::move(one.key_id));
  }
  return members;
}

llvm::Error refresh(const Home &home, authority::Authority &authority, UnixNanos now,
                    bool certificates) {
  auto turn = take_turn(home);
  if (!turn)
    return turn.takeError();
  auto members = peers(authority, now);
  if (!members)
    return members.takeError();
  return write_and_reload(home, std::move(*members), certificates);
}

llvm::Error close_sessions(const Home &home, authority::Authority &authority,
                           const trust::SpiffeId &member, UnixNanos now) {
  auto turn = take_turn(home);
  if (!turn)
    return turn.takeError();
  auto members = peers(authority, now);
  if (!members)
    return members.takeError();
  // A server closes the sessions of users that it no longer has, whatever key they came with.
  std::vector<broker::Peer> others = *members;
  std::erase_if(others, [&](const broker::Peer &peer) { return peer.id == member; });
  const bool comes_back = others.size() != members->size();
  if (auto error = write_and_reload(home, std::move(others), false))
    return error;
  return comes_back ? write_and_reload(home, std::move(*members), false) : llvm::Error::success();
}

llvm::Expected<std::vector<Session>> sessions(const Home &home) {
  auto facts = ask_system(home, "CONNZ", R"({"auth":true,"limit":65536})");
  if (!facts)
    return facts.takeError();
  std::vector<Session> found;
  const std::string asker = home.broker_id().text();
  if (const llvm::json::Array *connections = facts->getArray("connections"))
    for (const llvm::json::Value &each : *connections)
      if (const llvm::json::Object *one = each.getAsObject();
          one && one->getString("authorized_user") != llvm::StringRef(asker))
        found.push_back({one->getString("authorized_user").value_or("").str(),
                         one->getString("ip").value_or("").str() + ":" +
                             std::to_string(one->getInteger("port").value_or(0)),
                         one->getString("start").value_or("").str()});
  return found;
}

} // namespace nemo::service
