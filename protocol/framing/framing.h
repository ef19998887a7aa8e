// Frames on a byte stream: a varint length and one message. Used on the agent's socket and on
// stdin/stdout of out-of-tree backends. What comes in is hostile until parsed: lengths are checked
// before anything is allocated.
#pragma once

#include <cstdint>
#include <string>

#include <google/protobuf/message_lite.h>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::framing {

inline constexpr uint64_t max_frame = 64ull << 20;

/// Length prefix and message.
std::string encode(const google::protobuf::MessageLite &message);

enum class Take { complete, incomplete, malformed };

/// Takes one frame off the front of `buffer` (what has arrived so far) and parses it; `buffer`
/// loses what was taken. malformed: a length over max_frame or longer than a varint may be, or
/// bytes that are no such message.
Take take(std::string &buffer, google::protobuf::MessageLite &message);

/// Blocking: writes a frame whole to a file descriptor (never raises SIGPIPE on sockets).
llvm::Error write_frame(int fd, const google::protobuf::MessageLite &message);

/// Blocking: reads one frame. `pending` keeps bytes read past it. \returns false at a clean end of
/// stream.
llvm::Expected<bool> read_frame(int fd, std::string &pending,
                                google::protobuf::MessageLite &message);

} // namespace nemo::framing
