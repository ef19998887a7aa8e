#include "backends/fleet/broker/streams.h"

#include <chrono>

#include <nats/nats.h>

#include "backends/fleet/broker/configuration.h"
#include "base/error.h"

namespace nemo::broker {

namespace {

using namespace std::chrono_literals;

struct Stream {
  const char *name;
  const char *subject;
  int64_t per_subject;    ///< messages that are kept of each
  int32_t message;        ///< bytes of one at most
  std::chrono::hours age; ///< after which it goes; 0: never
};

// The server forgets message ids after `duplicates`; receivers look at (node, sequence) anyway.
// Nothing may be rolled up: with that header a node could wipe out what others have reported.
constexpr std::chrono::nanoseconds duplicates = 10min;
constexpr int32_t small_message = 64 << 10, report = 1 << 20;
constexpr Stream streams[] = {
    {"KV_desired", "$KV.desired.>", 1, max_payload, 0h},
    {"KV_reported", "$KV.reported.>", 1, report, 0h},
    {"KV_trust", "$KV.trust.>", 1, max_payload, 0h},
    {"events", "ev.*", 100'000, small_message, 24h * 7},
    {"usage", "us.*", 1'000'000, small_message, 24h * 30},
};

} // namespace

llvm::Error make_streams(Link &link) {
  for (const Stream &stream : streams) {
    const bool is_bucket = stream.per_subject == 1;
    const char *subjects[] = {stream.subject};
    jsStreamConfig config;
    jsStreamConfig_Init(&config);
    config.Name = stream.name;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    config.Replicas = 1;
    config.MaxMsgsPerSubject = stream.per_subject;
    config.MaxMsgSize = stream.message;
    config.MaxAge = std::chrono::nanoseconds(stream.age).count();
    config.Duplicates = duplicates.count();
    config.Discard = is_bucket ? js_DiscardNew : js_DiscardOld;
    config.DenyDelete = is_bucket;
    config.AllowDirect = true;
    jsErrCode code{};
    const natsStatus status = js_AddStream(nullptr, link.jetstream(), &config, nullptr, &code);
    // The same once more is no error; another of that name is.
    if (status != NATS_OK)
      return failure("the broker does not make the stream {}: {} (JetStream error {})", stream.name,
                     natsStatus_GetText(status), static_cast<int>(code));
  }
  return llvm::Error::success();
}

} // namespace nemo::broker
