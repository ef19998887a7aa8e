#include "runtime-agent/migrate/monitor.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include "base/error.h"
#include "base/json.h"

namespace nemo::migrate {

namespace {

constexpr size_t kMostLine = 256 << 10;
constexpr int kDeepest = 64;      ///< brackets of a line
constexpr int kMostEvents = 1000; ///< before one answer

using Clock = std::chrono::steady_clock;

} // namespace

Monitor::Monitor(Monitor &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)), patience_(other.patience_),
      pending_(std::move(other.pending_)) {}

Monitor::~Monitor() {
  if (fd_ >= 0)
    ::close(fd_);
}

llvm::Expected<Monitor> Monitor::connect(const std::string &path,
                                         std::chrono::milliseconds patience) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return failure("{} is too long for a socket", path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const auto deadline = Clock::now() + patience;
  for (;;) {
    Monitor monitor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), patience);
    if (monitor.fd_ < 0)
      return system_failure(errno, "socket");
    if (::connect(monitor.fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0) {
      auto greeting = monitor.receive();
      if (!greeting)
        return greeting.takeError();
      if (!greeting->getObject("QMP"))
        return failure("nobody on {} speaks QMP", path);
      auto ready = monitor.execute("qmp_capabilities");
      if (!ready)
        return ready.takeError();
      return monitor;
    }
    if (Clock::now() > deadline)
      return system_failure(errno, "connect to the monitor {}", path);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

llvm::Expected<llvm::json::Object> Monitor::receive() {
  const auto deadline = Clock::now() + patience_;
  size_t end;
  while ((end = pending_.find('\n')) == std::string::npos) {
    if (pending_.size() > kMostLine)
      return failure("the monitor said a line of more than {} bytes", kMostLine);
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd one = {fd_, POLLIN, 0};
    const int ready = left <= 0 ? 0 : ::poll(&one, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return failure("the monitor did not answer within {} ms", patience_.count());
    char buffer[4096];
    const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0)
      return failure("the machine has ended");
    pending_.append(buffer, static_cast<size_t>(got));
  }
  if (nests_deeper(llvm::StringRef(pending_).take_front(end), kDeepest))
    return failure("the monitor said something that nests too deep");
  auto value = llvm::json::parse(llvm::StringRef(pending_).take_front(end));
  pending_.erase(0, end + 1);
  if (!value)
    return value.takeError();
  if (llvm::json::Object *object = value->getAsObject())
    return std::move(*object);
  return failure("the monitor said something that is no object");
}

llvm::Expected<llvm::json::Object> Monitor::execute(llvm::StringRef command,
                                                    llvm::json::Object arguments) {
  llvm::json::Object request{{"execute", command}};
  if (!arguments.empty())
    request["arguments"] = std::move(arguments);
  const std::string line = llvm::formatv("{0}", llvm::json::Value(std::move(request))).str() + "\n";
  if (::send(fd_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return failure("the machine has ended");
  for (int i = 0; i < kMostEvents; ++i) {
    auto answer = receive();
    if (!answer)
      return answer.takeError();
    if (const llvm::json::Object *error = answer->getObject("error"))
      return failure("{}: {}", command.str(), error->getString("desc").value_or("refused").str());
    if (const llvm::json::Value *returned = answer->get("return")) {
      const llvm::json::Object *object = returned->getAsObject();
      return object ? *object : llvm::json::Object();
    }
    if (!answer->get("event"))
      return failure("{}: the monitor said neither an answer nor an event", command.str());
  }
  return failure("{}: the monitor says events and no answer", command.str());
}

} // namespace nemo::migrate
