#include "runtime-agent/supervisor/listener.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

namespace nemo::supervisor {

namespace {

/// One byte, and room for one descriptor.
struct Envelope {
  char byte = 0;
  iovec part = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {nullptr, 0, &part, 1, control, sizeof control, 0};
};

} // namespace

void send_listener(int socket, int listener) {
  Envelope envelope;
  cmsghdr *header = CMSG_FIRSTHDR(&envelope.message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof listener);
  memcpy(CMSG_DATA(header), &listener, sizeof listener);
  (void)!sendmsg(socket, &envelope.message, MSG_NOSIGNAL);
}

int receive_listener(int socket) {
  Envelope envelope;
  ssize_t got;
  do
    got = recvmsg(socket, &envelope.message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  const cmsghdr *header = got == 1 ? CMSG_FIRSTHDR(&envelope.message) : nullptr;
  int listener = -1;
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS)
    memcpy(&listener, CMSG_DATA(header), sizeof listener);
  return listener;
}

} // namespace nemo::supervisor
