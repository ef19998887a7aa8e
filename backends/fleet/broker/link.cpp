#include "backends/fleet/broker/link.h"

#include <nats/nats.h>

#include "base/error.h"
#include "protocol/trust/certificate.h"

namespace nemo::broker {

namespace {

struct Destroyed {
  void operator()(natsOptions *options) const { natsOptions_Destroy(options); }
  void operator()(natsMsg *message) const { natsMsg_Destroy(message); }
  void operator()(jsPubAck *ack) const { jsPubAck_Destroy(ack); }
};

llvm::Error nats_failure(natsStatus status, const std::string &what) {
  natsStatus last = NATS_OK;
  const char *more = nats_GetLastError(&last);
  const bool is_same = last == status && more && *more;
  return failure("{}: {}", what, is_same ? more : natsStatus_GetText(status));
}

} // namespace

void Link::Closed::operator()(natsConnection *connection) const {
  natsConnection_Destroy(connection);
}
void Link::Closed::operator()(jsCtx *context) const { jsCtx_Destroy(context); }

llvm::Expected<Link> Link::open(const membership::Member &member, std::chrono::milliseconds limit) {
  natsOptions *made = nullptr;
  natsStatus status = natsOptions_Create(&made);
  const std::unique_ptr<natsOptions, Destroyed> options(made);
  std::vector<std::string> urls;
  for (const std::string &broker : member.places().brokers)
    urls.push_back("tls://" + broker);
  std::vector<const char *> servers;
  for (const std::string &url : urls)
    servers.push_back(url.c_str());
  const std::string roots = trust::to_pem(member.credentials().bundle.roots);
  const std::string inbox = membership::inbox_prefix(member.id());
  // The certificate says that it is a broker of this fleet, wherever it listens.
  if (status == NATS_OK)
    status = natsOptions_SetServers(made, servers.data(), static_cast<int>(servers.size()));
  if (status == NATS_OK)
    status = natsOptions_SetSecure(made, true);
  if (status == NATS_OK)
    status = natsOptions_SetCATrustedCertificates(made, roots.c_str());
  // From files: of a chain in memory libnats 3.4 sends only the first certificate.
  if (status == NATS_OK)
    status = natsOptions_LoadCertificatesChain(made, member.file("chain.pem").c_str(),
                                               member.file("signing.key").c_str());
  if (status == NATS_OK)
    status = natsOptions_SetExpectedHostname(made, membership::broker_name);
  if (status == NATS_OK)
    status = natsOptions_SetCustomInboxPrefix(made, inbox.c_str());
  if (status == NATS_OK)
    status = natsOptions_SetTimeout(made, limit.count());
  if (status == NATS_OK)
    status = natsOptions_SetAllowReconnect(made, false);
  if (status == NATS_OK)
    status = natsOptions_SetName(made, member.id().text().c_str());
  if (status != NATS_OK)
    return nats_failure(status, "the connection to the broker cannot be set up");
  Link link;
  link.limit_ = limit;
  natsConnection *connection = nullptr;
  if (status = natsConnection_Connect(&connection, made); status != NATS_OK)
    return nats_failure(status, "the broker at " + llvm::join(member.places().brokers, ", "));
  link.connection_.reset(connection);
  jsOptions js;
  jsCtx *context = nullptr;
  status = jsOptions_Init(&js);
  js.Wait = limit.count();
  if (status == NATS_OK)
    status = natsConnection_JetStream(&context, connection, &js);
  if (status != NATS_OK)
    return nats_failure(status, "JetStream");
  link.jetstream_.reset(context);
  return link;
}

llvm::Expected<std::string> Link::request(const std::string &subject, llvm::StringRef question) {
  natsMsg *answer = nullptr;
  const natsStatus status =
      natsConnection_Request(&answer, connection_.get(), subject.c_str(), question.data(),
                             static_cast<int>(question.size()), limit_.count());
  const std::unique_ptr<natsMsg, Destroyed> owner(answer);
  if (status != NATS_OK)
    return nats_failure(status, subject);
  return std::string(natsMsg_GetData(answer), static_cast<size_t>(natsMsg_GetDataLength(answer)));
}

llvm::Error Link::store(const std::string &subject, llvm::StringRef bytes) {
  jsPubAck *ack = nullptr;
  jsErrCode code{};
  const natsStatus status = js_Publish(&ack, jetstream(), subject.c_str(), bytes.data(),
                                       static_cast<int>(bytes.size()), nullptr, &code);
  const std::unique_ptr<jsPubAck, Destroyed> owner(ack);
  return status == NATS_OK ? llvm::Error::success() : nats_failure(status, subject);
}

} // namespace nemo::broker
