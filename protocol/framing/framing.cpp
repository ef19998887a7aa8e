#include "protocol/framing/framing.h"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/error.h"

namespace nemo::framing {

std::string encode(const google::protobuf::MessageLite &message) {
  std::string body = message.SerializeAsString();
  std::string frame;
  {
    google::protobuf::io::StringOutputStream stream(&frame);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.WriteVarint64(body.size());
  }
  frame += body;
  return frame;
}

Take take(std::string &buffer, google::protobuf::MessageLite &message) {
  uint64_t length = 0;
  size_t used = 0;
  for (;; ++used) {
    if (used == 5) // 64 MiB needs four bytes of varint
      return Take::malformed;
    if (used == buffer.size())
      return Take::incomplete;
    const auto byte = static_cast<uint8_t>(buffer[used]);
    length |= static_cast<uint64_t>(byte & 0x7f) << (7 * used);
    if ((byte & 0x80) == 0)
      break;
  }
  ++used;
  if (length > max_frame)
    return Take::malformed;
  if (buffer.size() - used < length)
    return Take::incomplete;
  const bool parsed = message.ParseFromArray(buffer.data() + used, static_cast<int>(length));
  buffer.erase(0, used + length);
  return parsed ? Take::complete : Take::malformed;
}

llvm::Error write_frame(int fd, const google::protobuf::MessageLite &message) {
  const std::string frame = encode(message);
  if (frame.size() > max_frame)
    return failure("a message of {} bytes is over the limit of {}", frame.size(), max_frame);
  size_t done = 0;
  while (done < frame.size()) {
    ssize_t n = ::send(fd, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == ENOTSOCK)
      n = ::write(fd, frame.data() + done, frame.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return system_failure(errno, "write");
    done += static_cast<size_t>(n);
  }
  return llvm::Error::success();
}

llvm::Expected<bool> read_frame(int fd, std::string &pending,
                                google::protobuf::MessageLite &message) {
  for (;;) {
    switch (take(pending, message)) {
    case Take::complete:
      return true;
    case Take::malformed:
      return failure("the other side sent what is no frame of this protocol");
    case Take::incomplete:
      break;
    }
    char chunk[16384];
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return system_failure(errno, "read");
    if (n == 0) {
      if (pending.empty())
        return false;
      return failure("the other side hung up in the middle of a message");
    }
    pending.append(chunk, static_cast<size_t>(n));
  }
}

} // namespace nemo::framing
