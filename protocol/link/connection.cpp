#include "protocol/link/connection.h"

#include <condition_variable>
#include <mutex>

#include <nats/nats.h>
#include <openssl/ssl.h>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "protocol/link/subjects.h"
#include "protocol/trust/certificate.h"

// libnats lets each of its TLS contexts trust the operating system's roots, and has no option
// against it. A fleet trusts its own alone; and to read some 150 others takes 25 ms and a
// megabyte of each connection. So in programs that speak to brokers this does nothing: of what they
// link, only libnats asks for it (git and registries are other programs' to speak to).
extern "C" __attribute__((visibility("default"))) int
SSL_CTX_set_default_verify_paths(SSL_CTX * /*context*/) {
  return 1;
}

namespace nemo::link {

namespace {

// A link that is cut without a word is noticed after two pings, and a broker that was killed is
// looked for four times a second; libnats's own defaults are minutes.
constexpr int64_t ping_every_ms = 2'000;
constexpr int pings_out = 2;
constexpr int64_t reconnect_every_ms = 250;
constexpr int64_t reconnect_jitter_ms = 100;
constexpr int kept_while_away = 8 << 20;       ///< bytes of what is published
constexpr int kept_unread = 64 << 20;          ///< bytes of each subscription
constexpr milliseconds last_callbacks{10'000}; ///< longer than a TLS handshake may take
constexpr const char *expected_sequence_error = "wrong last sequence";

llvm::Error nats_failure(natsStatus status, llvm::StringRef doing) {
  natsStatus last = NATS_OK;
  const char *detail = nats_GetLastError(&last);
  const bool more = detail && *detail && last == status;
  return failure("{}: {}{}{}", doing.str(), natsStatus_GetText(status), more ? ", " : "",
                 more ? detail : "");
}

std::string header(natsMsg *message, const char *name) {
  const char *value = nullptr;
  return natsMsgHeader_Get(message, name, &value) == NATS_OK && value ? value : "";
}

Message take(natsMsg *message) {
  auto text = [](const char *text) { return std::string(text ? text : ""); };
  Message out{text(natsMsg_GetSubject(message)),
              text(natsMsg_GetReply(message)),
              {natsMsg_GetData(message), static_cast<size_t>(natsMsg_GetDataLength(message))},
              header(message, "Status"),
              header(message, "KV-Operation")};
  llvm::StringRef(header(message, "Nats-Sequence")).getAsInteger(10, out.sequence);
  // A value that is read directly comes under the name that it was stored under.
  if (const std::string stored = header(message, "Nats-Subject"); !stored.empty())
    out.subject = stored;
  natsMsg_Destroy(message);
  return out;
}

using Options = std::unique_ptr<natsOptions, trust::Released<natsOptions_Destroy>>;

} // namespace

/// What libnats's threads use. It goes when the last of them has said that it is done.
struct Connection::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  Handlers handlers;
  natsConnection *connection = nullptr;
  std::vector<natsSubscription *> subscriptions;
  size_t listening = 0; ///< subscriptions whose last message may not have been handed on yet
  bool ended = false;   ///< no handler is called any more
  bool closed = false;  ///< libnats has called back for the last time
  std::string inbox;

  static void on_message(natsConnection *, natsSubscription *, natsMsg *message, void *self) {
    auto &shared = *static_cast<Shared *>(self);
    Message taken = take(message);
    const std::lock_guard lock(shared.mutex);
    if (!shared.ended)
      shared.handlers.on_message(std::move(taken));
  }
  static void on_complete(void *self) {
    auto &shared = *static_cast<Shared *>(self);
    const std::lock_guard lock(shared.mutex);
    --shared.listening;
    shared.changed.notify_all();
  }
  static void say(void *self, bool up) {
    auto &shared = *static_cast<Shared *>(self);
    const std::lock_guard lock(shared.mutex);
    if (!shared.ended && shared.handlers.on_link)
      shared.handlers.on_link(up);
  }
  static void on_down(natsConnection *, void *self) { say(self, false); }
  static void on_up(natsConnection *, void *self) { say(self, true); }
  static void on_closed(natsConnection *, void *self) {
    auto &shared = *static_cast<Shared *>(self);
    const std::lock_guard lock(shared.mutex);
    shared.closed = true;
    shared.changed.notify_all();
    if (!shared.ended && shared.handlers.on_end)
      shared.handlers.on_end();
  }
  /// Without it libnats writes to stderr.
  static void on_error(natsConnection *, natsSubscription *, natsStatus, void *) {}
};

Subscription::~Subscription() { natsSubscription_Destroy(subscription_); }

llvm::Expected<std::optional<Message>> Subscription::next(milliseconds patience) {
  natsMsg *message = nullptr;
  const natsStatus status = natsSubscription_NextMsg(&message, subscription_, patience.count());
  if (status == NATS_TIMEOUT)
    return std::nullopt;
  if (status != NATS_OK)
    return nats_failure(status, "waiting for the broker");
  return take(message);
}

llvm::Expected<std::unique_ptr<Connection>>
Connection::open(const membership::Member &member, Handlers handlers, milliseconds patience) {
  natsOptions *made = nullptr;
  if (const natsStatus status = natsOptions_Create(&made); status != NATS_OK)
    return nats_failure(status, "preparing a connection");
  const Options options(made);
  std::unique_ptr<Connection> connection(new Connection);
  connection->shared_ = new Shared;
  Shared &shared = *connection->shared_;
  shared.handlers = std::move(handlers);
  shared.inbox = inbox(member.id());
  std::vector<std::string> urls;
  for (const std::string &broker : member.places().brokers)
    urls.push_back("tls://" + broker);
  std::vector<const char *> servers;
  for (const std::string &url : urls)
    servers.push_back(url.c_str());
  const bool at_once = patience.count() > 0;
  natsStatus status = NATS_OK;
  auto set = [&](natsStatus result) {
    if (status == NATS_OK)
      status = result;
  };
  set(natsOptions_SetServers(made, servers.data(), static_cast<int>(servers.size())));
  set(natsOptions_SetIgnoreDiscoveredServers(made, true)); // by a broker that nobody trusts
  set(natsOptions_SetSecure(made, true));
  set(natsOptions_SetCATrustedCertificates(
      made, trust::to_pem(member.credentials().bundle.roots).c_str()));
  // From the files: of a chain in memory libnats sends the first certificate only.
  set(natsOptions_LoadCertificatesChain(made, member.file(membership::chain).c_str(),
                                        member.file(membership::key).c_str()));
  // The certificate says that it is a broker of this fleet, wherever it listens.
  set(natsOptions_SetExpectedHostname(made, membership::broker_name));
  set(natsOptions_SetName(made, member.id().text().c_str()));
  set(natsOptions_SetCustomInboxPrefix(made, shared.inbox.c_str()));
  set(natsOptions_SetSendAsap(made, true));
  set(natsOptions_UseGlobalMessageDelivery(made, true)); // one thread for all subscriptions
  set(natsOptions_SetPingInterval(made, ping_every_ms));
  set(natsOptions_SetMaxPingsOut(made, pings_out));
  set(natsOptions_SetAllowReconnect(made, true));
  set(natsOptions_SetMaxReconnect(made, -1));
  set(natsOptions_SetReconnectWait(made, reconnect_every_ms));
  set(natsOptions_SetReconnectJitter(made, reconnect_jitter_ms, reconnect_jitter_ms));
  set(natsOptions_SetReconnectBufSize(made, kept_while_away));
  set(natsOptions_SetFailRequestsOnDisconnect(made, true));
  set(natsOptions_SetTimeout(made, at_once ? patience.count() : 2'000));
  if (!at_once)
    set(natsOptions_SetRetryOnFailedConnect(made, true, Shared::on_up, &shared));
  set(natsOptions_SetDisconnectedCB(made, Shared::on_down, &shared));
  set(natsOptions_SetReconnectedCB(made, Shared::on_up, &shared));
  set(natsOptions_SetClosedCB(made, Shared::on_closed, &shared));
  set(natsOptions_SetErrorHandler(made, Shared::on_error, &shared));
  if (status == NATS_OK)
    status = natsConnection_Connect(&shared.connection, made);
  if (status != NATS_OK && status != NATS_NOT_YET_CONNECTED)
    return nats_failure(status, "the broker at " + llvm::join(member.places().brokers, ", "));
  if (status == NATS_OK)
    Shared::say(&shared, true);
  return connection;
}

Connection::~Connection() {
  if (!shared_)
    return;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->ended = true;
  }
  if (!shared_->connection) {
    delete shared_;
    return;
  }
  natsConnection_Close(shared_->connection);
  for (natsSubscription *one : shared_->subscriptions)
    natsSubscription_Destroy(one);
  bool done = false;
  {
    std::unique_lock lock(shared_->mutex);
    done = shared_->changed.wait_for(lock, last_callbacks,
                                     [this] { return shared_->closed && shared_->listening == 0; });
  }
  natsConnection_Destroy(shared_->connection);
  if (done) // else a thread may still come: a few bytes are lost, and nothing is used after
    delete shared_;
}

llvm::Error Connection::listen(const std::string &subject) {
  natsSubscription *made = nullptr;
  natsStatus status = natsConnection_Subscribe(&made, shared_->connection, subject.c_str(),
                                               Shared::on_message, shared_);
  if (status != NATS_OK)
    return nats_failure(status, "subscribing to " + subject);
  {
    const std::lock_guard lock(shared_->mutex);
    ++shared_->listening;
  }
  status = natsSubscription_SetOnCompleteCB(made, Shared::on_complete, shared_);
  if (status == NATS_OK)
    status = natsSubscription_SetPendingLimits(made, -1, kept_unread);
  shared_->subscriptions.push_back(made);
  return status == NATS_OK ? llvm::Error::success()
                           : nats_failure(status, "subscribing to " + subject);
}

llvm::Expected<Subscription> Connection::subscribe(const std::string &subject) {
  natsSubscription *made = nullptr;
  natsStatus status = natsConnection_SubscribeSync(&made, shared_->connection, subject.c_str());
  if (status != NATS_OK)
    return nats_failure(status, "subscribing to " + subject);
  Subscription subscription(made);
  status = natsSubscription_SetPendingLimits(made, -1, kept_unread);
  if (status != NATS_OK)
    return nats_failure(status, "subscribing to " + subject);
  return subscription;
}

namespace {

struct Outgoing {
  natsMsg *message = nullptr;
  natsStatus status;
  Outgoing(const std::string &subject, const std::string &reply, llvm::StringRef data,
           const Headers &headers) {
    status = natsMsg_Create(&message, subject.c_str(), reply.empty() ? nullptr : reply.c_str(),
                            data.data(), static_cast<int>(data.size()));
    for (const auto &[name, value] : headers)
      if (status == NATS_OK)
        status = natsMsgHeader_Set(message, name.c_str(), value.c_str());
  }
  ~Outgoing() { natsMsg_Destroy(message); }
  Outgoing(const Outgoing &) = delete;
};

} // namespace

llvm::Error Connection::publish(const std::string &subject, llvm::StringRef data,
                                const std::string &reply, const Headers &headers) {
  const Outgoing out(subject, reply, data, headers);
  natsStatus status = out.status;
  if (status == NATS_OK)
    status = natsConnection_PublishMsg(shared_->connection, out.message);
  if (status == NATS_MAX_PAYLOAD)
    return failure("{} bytes for {} are more than the broker takes: {}. Raise its max_payload.",
                   data.size(), subject, max_payload());
  return status == NATS_OK ? llvm::Error::success()
                           : nats_failure(status, "publishing to " + subject);
}

llvm::Expected<Message> Connection::request(const std::string &subject, llvm::StringRef data,
                                            const Headers &headers, milliseconds patience) {
  const Outgoing out(subject, {}, data, headers);
  natsMsg *answer = nullptr;
  natsStatus status = out.status;
  if (status == NATS_OK)
    status = natsConnection_RequestMsg(&answer, shared_->connection, out.message, patience.count());
  if (status == NATS_MAX_PAYLOAD)
    return failure("{} bytes for {} are more than the broker takes: {}. Raise its max_payload.",
                   data.size(), subject, max_payload());
  if (status == NATS_NO_RESPONDERS) {
    Message nobody;
    nobody.status = "503";
    return nobody;
  }
  if (status != NATS_OK)
    return nats_failure(status, "asking the broker on " + subject);
  return take(answer);
}

llvm::Error Connection::flush(milliseconds patience) {
  const natsStatus status = natsConnection_FlushTimeout(shared_->connection, patience.count());
  return status == NATS_OK ? llvm::Error::success()
                           : nats_failure(status, "waiting for the broker");
}

bool Connection::up() const {
  return natsConnection_Status(shared_->connection) == NATS_CONN_STATUS_CONNECTED;
}

std::string Connection::new_inbox() const {
  return shared_->inbox + "." + llvm::toHex(trust::random_bytes(12), /*LowerCase=*/true);
}

uint64_t Connection::max_payload() const {
  const int64_t most = natsConnection_GetMaxPayload(shared_->connection);
  return most > 0 ? static_cast<uint64_t>(most) : 0;
}

namespace {

constexpr size_t max_answer = 64 << 10;

llvm::Expected<llvm::json::Object> read_api(const Message &answer, bool *conflict) {
  if (!answer.status.empty())
    return failure("the broker answered {}: the stream is not there, or this member may not write "
                   "to it",
                   answer.status);
  if (answer.data.size() > max_answer)
    return failure("an answer of the broker is {} bytes long", answer.data.size());
  auto json = llvm::json::parse(answer.data);
  if (!json)
    return json.takeError();
  llvm::json::Object *all = json->getAsObject();
  if (!all)
    return failure("an answer of the broker is no JSON object");
  if (const llvm::json::Object *error = all->getObject("error")) {
    const llvm::StringRef why = error->getString("description").value_or("no reason given");
    if (conflict)
      *conflict = error->getInteger("err_code") == 10071 || why.startswith(expected_sequence_error);
    return failure("the broker refuses it: {}", trust::shown(why));
  }
  return std::move(*all);
}

} // namespace

llvm::Error check_api(const Message &answer) { return read_api(answer, nullptr).takeError(); }

llvm::Expected<Stored> read_ack(const Message &answer, bool *conflict) {
  auto all = read_api(answer, conflict);
  if (!all)
    return all.takeError();
  const auto sequence = all->getInteger("seq");
  if (!sequence || *sequence <= 0)
    return failure("what should be an acknowledgement names no sequence");
  return Stored{static_cast<uint64_t>(*sequence), all->getBoolean("duplicate").value_or(false)};
}

} // namespace nemo::link
