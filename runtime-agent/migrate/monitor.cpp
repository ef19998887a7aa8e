#include "runtime-agent/migrate/monitor.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include "base/error.h"
#include "base/json.h"

namespace nemo::migrate {

namespace {

constexpr size_t kMostLine = 256 << 10;
constexpr int kDeepest = 64;      ///< brackets of a line
constexpr int kMostEvents = 1000; ///< before one answer

/// Through the directory's descriptor: a path may be longer than an address of a socket.
llvm::Expected<agent::Fd> connect_to(const std::string &path) {
  const std::string directory = llvm::sys::path::parent_path(path).str();
  const agent::Fd at(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string through =
      fmt::format("/proc/self/fd/{}/{}", at.get(), llvm::sys::path::filename(path).str());
  if (!at || through.size() >= sizeof address.sun_path)
    return system_failure(at ? ENAMETOOLONG : errno, "open {}", directory);
  std::memcpy(address.sun_path, through.c_str(), through.size() + 1);
  agent::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
    return system_failure(errno, "connect to the monitor {}", path);
  return socket;
}

} // namespace

llvm::Expected<std::unique_ptr<Monitor>> Monitor::connect(agent::Loop &loop,
                                                          const std::string &path,
                                                          agent::Ticks patience,
                                                          Handlers handlers) {
  auto socket = connect_to(path);
  if (!socket)
    return socket.takeError();
  std::unique_ptr<Monitor> made(new Monitor(loop, patience, std::move(handlers)));
  made->socket_ = std::move(*socket);
  if (auto error = loop.watch(made->socket_.get(), EPOLLIN,
                              [raw = made.get()](uint32_t) { raw->ready(); })) {
    made->socket_.reset();
    return error;
  }
  made->execute("qmp_capabilities", {}, [raw = made.get()](auto answer) {
    if (!answer)
      raw->end(llvm::toString(answer.takeError()));
  });
  return made;
}

Monitor::~Monitor() {
  loop_.cancel(deadline_);
  if (socket_)
    loop_.forget(socket_.get());
}

void Monitor::end(std::string why) {
  if (!socket_)
    return;
  loop_.forget(socket_.get());
  loop_.cancel(deadline_);
  socket_.reset();
  handlers_.on_end(std::move(why));
}

void Monitor::wait_again() {
  loop_.cancel(deadline_);
  if (!waiting_.empty())
    deadline_ = loop_.at(agent::ticks() + patience_, [this] {
      end(fmt::format("the monitor did not answer within {} ms", patience_));
    });
}

void Monitor::ready() {
  char buffer[4096];
  const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (got <= 0)
    return end("the machine has ended");
  pending_.append(buffer, static_cast<size_t>(got));
  size_t at = 0;
  for (size_t end; socket_ && (end = pending_.find('\n', at)) != std::string::npos; at = end + 1)
    take_line(llvm::StringRef(pending_).slice(at, end));
  pending_.erase(0, at);
  if (pending_.size() > kMostLine)
    end(fmt::format("the monitor said a line of more than {} bytes", kMostLine));
}

void Monitor::take_line(llvm::StringRef line) {
  if (line.size() > kMostLine)
    return end(fmt::format("the monitor said a line of more than {} bytes", kMostLine));
  if (nests_deeper(line, kDeepest))
    return end("the monitor said something that nests too deep");
  auto value = llvm::json::parse(line);
  if (!value)
    return end(llvm::toString(value.takeError()));
  const llvm::json::Object *object = value->getAsObject();
  if (!object)
    return end("the monitor said something that is no object");
  if (!greeted_) {
    const llvm::json::Object *greeting = object->getObject("QMP");
    if (!greeting)
      return end("who listens there does not speak QMP");
    greeted_ = true;
    if (const llvm::json::Object *version = greeting->getObject("version"))
      if (const llvm::json::Object *qemu = version->getObject("qemu"))
        version_ = fmt::format("{}.{}.{}", qemu->getInteger("major").value_or(0),
                               qemu->getInteger("minor").value_or(0),
                               qemu->getInteger("micro").value_or(0));
    return;
  }
  if (const auto name = object->getString("event")) {
    if (++events_ > kMostEvents && !waiting_.empty())
      return end("the monitor says events and no answer");
    const llvm::json::Object *data = object->getObject("data");
    return handlers_.on_event(*name, data ? *data : llvm::json::Object());
  }
  const llvm::json::Object *error = object->getObject("error");
  const llvm::json::Value *returned = object->get("return");
  if (waiting_.empty() || (!error && !returned))
    return end("the monitor said neither an answer nor an event");
  Answer answer = std::move(waiting_.front());
  waiting_.pop_front();
  events_ = 0;
  wait_again();
  if (error)
    return answer(failure("{}", error->getString("desc").value_or("refused").str()));
  const llvm::json::Object *result = returned->getAsObject();
  answer(result ? *result : llvm::json::Object());
}

void Monitor::execute(llvm::StringRef command, llvm::json::Object arguments, Answer answer,
                      int fd) {
  if (!socket_)
    return; // on_end has been called
  llvm::json::Object request{{"execute", command}};
  if (!arguments.empty())
    request["arguments"] = std::move(arguments);
  const std::string line = llvm::formatv("{0}", llvm::json::Value(std::move(request))).str() + "\n";
  iovec words{const_cast<char *>(line.data()), line.size()};
  msghdr message = {};
  message.msg_iov = &words;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof fd)] = {};
  if (fd >= 0) {
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  waiting_.push_back(std::move(answer));
  if (waiting_.size() == 1)
    wait_again();
  // A command is shorter than what a socket takes at once. One that has ended says so when read.
  (void)!::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
}

} // namespace nemo::migrate
