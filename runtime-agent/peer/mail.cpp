#include "runtime-agent/peer/mail.h"

#include <array>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace nemo::agent::peer {

Mail::Mail(Loop &loop, Fd socket, OnMail on_mail, std::function<void()> on_end)
    : loop_(loop), socket_(std::move(socket)), on_mail_(std::move(on_mail)),
      on_end_(std::move(on_end)) {
  llvm::cantFail(loop_.watch(socket_.get(), EPOLLIN, [this](uint32_t events) { ready(events); }));
}

Mail::~Mail() {
  *alive_ = false;
  loop_.forget(socket_.get());
}

void Mail::ready(uint32_t events) {
  const std::shared_ptr<bool> alive = alive_;
  if ((events & EPOLLOUT) != 0)
    write();
  if (*alive && (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0)
    read();
}

void Mail::read() {
  std::string bytes(max_mail, '\0');
  iovec part{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (count < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  Fd with;
  if (const cmsghdr *header = CMSG_FIRSTHDR(&message);
      count > 0 && header && header->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    with = Fd(fd);
  }
  if (count > 0) {
    const OnMail on_mail = on_mail_; // outlives what it may destroy
    return on_mail(llvm::StringRef(bytes.data(), static_cast<size_t>(count)), std::move(with));
  }
  loop_.forget(socket_.get());
  const std::function<void()> on_end = on_end_;
  on_end();
}

void Mail::send(std::string bytes, Fd with) {
  waiting_.emplace_back(std::move(bytes), std::move(with));
  write();
}

void Mail::write() {
  while (!waiting_.empty()) {
    auto &[bytes, with] = waiting_.front();
    iovec part{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (with) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      cmsghdr *header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      const int fd = with.get();
      std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    const ssize_t count = ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno == EAGAIN)
      break;
    waiting_.pop_front(); // where the other end is gone, reading will tell
  }
  loop_.change(socket_.get(), waiting_.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

} // namespace nemo::agent::peer
