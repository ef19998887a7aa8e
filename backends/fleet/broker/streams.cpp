#include "backends/fleet/broker/streams.h"

#include <chrono>

#include "llvm/Support/JSON.h"

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
constexpr auto to_make = 3s;
constexpr int32_t small_message = 64 << 10, report = 1 << 20;
constexpr Stream streams[] = {
    {"KV_desired", "$KV.desired.>", 1, max_payload, 0h},
    {"KV_reported", "$KV.reported.>", 1, report, 0h},
    {"KV_running", "$KV.running.>", 1, report, 0h},
    {"KV_trust", "$KV.trust.>", 1, max_payload, 0h},
    {"KV_control", "$KV.control.>", 1, small_message, 0h},
    {"events", "ev.*", 100'000, small_message, 24h * 7},
    {"usage", "us.*", 1'000'000, small_message, 24h * 30},
};

} // namespace

llvm::Error make_streams(link::Connection &broker) {
  for (const Stream &stream : streams) {
    const bool is_bucket = stream.per_subject == 1;
    const llvm::json::Value config = llvm::json::Object{
        {"name", stream.name},
        {"subjects", llvm::json::Array{stream.subject}},
        {"storage", "file"},
        {"num_replicas", 1},
        {"retention", "limits"},
        {"max_consumers", -1},
        {"max_msgs", -1},
        {"max_bytes", -1},
        {"max_msgs_per_subject", stream.per_subject},
        {"max_msg_size", stream.message},
        {"max_age", std::chrono::nanoseconds(stream.age).count()},
        {"duplicate_window", duplicates.count()},
        {"discard", is_bucket ? "new" : "old"},
        {"deny_delete", is_bucket},
        {"allow_direct", true},
    };
    auto answer = broker.request(std::string("$JS.API.STREAM.CREATE.") + stream.name,
                                 std::string(llvm::formatv("{0}", config)), {}, to_make);
    if (!answer)
      return answer.takeError();
    // The same once more is no error; another of that name is.
    if (!answer->status.empty())
      return failure("the broker does not make the stream {}: it answers {}", stream.name,
                     answer->status);
    if (auto error = link::check_api(*answer))
      return failure("the broker does not make the stream {}: {}", stream.name,
                     llvm::toString(std::move(error)));
  }
  return llvm::Error::success();
}

} // namespace nemo::broker
