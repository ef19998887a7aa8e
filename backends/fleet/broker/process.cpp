#include "backends/fleet/broker/process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>
#include <unistd.h>

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include "base/error.h"
#include "base/files.h"
#include "base/subprocess.h"

namespace nemo::broker {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 15s; // a store that was not closed is read through at the start
constexpr auto end_patience = 10s;

std::string read_some(const std::string &path, uint64_t most) {
  auto text = read_file(path, most);
  if (text)
    return std::move(*text);
  llvm::consumeError(text.takeError());
  return {};
}

} // namespace

pid_t Process::running() const {
  pid_t pid = 0;
  if (llvm::StringRef(read_some(directory_ + "/nats.pid", 32)).trim().getAsInteger(10, pid) ||
      pid <= 1)
    return 0;
  const std::string line = read_some(fmt::format("/proc/{}/cmdline", pid), 64 << 10);
  llvm::SmallVector<llvm::StringRef, 8> words;
  llvm::StringRef(line).split(words, '\0');
  return llvm::is_contained(words, configuration_path()) ? pid : 0;
}

std::string Process::last_words() const {
  std::string text;
  for (const std::string &path : {directory_ + "/nats.out", log_path()}) {
    llvm::SmallVector<llvm::StringRef> lines;
    const std::string all = read_some(path, 64 << 20);
    llvm::StringRef(all).rtrim().split(lines, '\n');
    const size_t skip = lines.size() > 5 ? lines.size() - 5 : 0;
    const std::string some = llvm::join(llvm::ArrayRef(lines).drop_front(skip), "\n");
    text += some.empty() || text.empty() ? some : "\n" + some;
  }
  return text.empty() ? "it said nothing" : "it said:\n" + text;
}

llvm::Expected<pid_t> Process::start(const Server &server,
                                     const membership::Address &listen) const {
  std::error_code none;
  std::filesystem::remove(directory_ + "/nats.pid", none);
  std::filesystem::remove(directory_ + "/nats.out", none);
  auto pid = start_detached({server.program, "-c", configuration_path()}, directory_ + "/nats.out");
  if (!pid)
    return pid.takeError();
  membership::Address target = listen;
  if (target.host == "0.0.0.0" || target.host == "::")
    target.host = target.host == "::" ? "::1" : "127.0.0.1";
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (::kill(*pid, 0) != 0)
      return failure("nats-server has ended at once; {}", last_words());
    if (running() == *pid) {
      auto answers = membership::dial(target, std::chrono::steady_clock::now() + 1s);
      if (answers)
        return *pid;
      llvm::consumeError(answers.takeError());
    }
    if (std::chrono::steady_clock::now() > until) {
      ::kill(*pid, SIGKILL);
      return failure("nats-server does not listen on {} after {} s; {}", listen.text(),
                     patience.count(), last_words());
    }
    std::this_thread::sleep_for(20ms);
  }
}

llvm::Error Process::reload() const {
  const pid_t pid = running();
  if (pid == 0)
    return llvm::Error::success(); // it reads everything when it starts
  return ::kill(pid, SIGHUP) == 0 ? llvm::Error::success()
                                  : system_failure(errno, "nats-server (pid {})", pid);
}

llvm::Error Process::stop() const {
  const pid_t pid = running();
  if (pid == 0)
    return llvm::Error::success();
  if (::kill(pid, SIGTERM) != 0 && errno != ESRCH)
    return system_failure(errno, "nats-server (pid {})", pid);
  const auto until = std::chrono::steady_clock::now() + end_patience;
  while (running() == pid) {
    if (std::chrono::steady_clock::now() > until) {
      ::kill(pid, SIGKILL);
      break;
    }
    std::this_thread::sleep_for(20ms);
  }
  return llvm::Error::success();
}

} // namespace nemo::broker
