#include "backends/fleet/service/service.h"

#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <list>
#include <poll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "llvm/Support/raw_ostream.h"

#include "backends/fleet/broker/process.h"
#include "backends/fleet/broker/streams.h"
#include "backends/fleet/service/answer.h"
#include "backends/fleet/service/make.h"
#include "backends/fleet/service/members.h"
#include "base/error.h"
#include "base/files.h"
#include "protocol/link/connection.h"
#include "protocol/link/subjects.h"

namespace nemo::service {

namespace {

using namespace std::chrono_literals;
using authority::Authority;
using membership::Socket;
using Clock = std::chrono::steady_clock;

constexpr auto connection_limit = 20s;
constexpr auto broker_limit = 3s;
constexpr size_t most_connections = 128; ///< more wait in the kernel's queue
constexpr auto publish_every = 1h;
constexpr auto look_every = 60s;
constexpr Clock::duration first_pause = 250ms, longest_pause = 10s;

void log(const std::string &line) { llvm::errs() << to_rfc3339(now()) << " " << line << "\n"; }

/// The lock that says that this runs; its content says who.
llvm::Expected<Socket> lock_home(const Home &home) {
  Socket lock(::open(home.pid_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.get() < 0)
    return system_failure(errno, "{}", home.pid_file());
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return failure("the fleet {} is served already, by process {}", home.fleet, serving(home));
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.get(), 0) != 0 ||
      ::pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return system_failure(errno, "{}", home.pid_file());
  return lock;
}

llvm::Expected<Socket> take_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  if (::pthread_sigmask(SIG_BLOCK, &signals, nullptr) != 0)
    return system_failure(errno, "sigmask");
  Socket fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (fd.get() < 0)
    return system_failure(errno, "signalfd");
  return fd;
}

class Service {
public:
  Service(const Home &home, std::unique_ptr<Authority> authority, broker::Server server)
      : home_(home), authority_(std::move(authority)), server_(std::move(server)),
        process_(home.broker_directory()) {}

  llvm::Error run() {
    auto signals = take_signals();
    if (!signals)
      return signals.takeError();
    auto listener = membership::listen_on(home_.authority);
    if (!listener)
      return listener.takeError();
    if (auto error = look_after_members())
      return error;
    if (auto error = start_broker())
      return error;
    log(fmt::format("the fleet {} is served: broker {} on {}, joins on {}", home_.fleet,
                    server_.version.text(), home_.broker.text(), home_.authority.text()));
    while (wait(signals->get(), listener->get()))
      look();
    for (Visit &visit : visits_)
      visit.thread.join();
    return process_.stop();
  }

private:
  struct Visit {
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> is_over;
  };

  /// \returns false when it is time to end.
  bool wait(int signals, int listener) {
    const bool is_full = visits_.size() >= most_connections;
    pollfd both[] = {{signals, POLLIN, 0}, {is_full ? -1 : listener, POLLIN, 0}};
    if (::poll(both, 2, 200) < 0 && errno != EINTR)
      return false;
    if (both[0].revents != 0)
      return false;
    if (both[1].revents != 0)
      receive(listener);
    visits_.remove_if([](Visit &visit) {
      if (!*visit.is_over)
        return false;
      visit.thread.join();
      return true;
    });
    return true;
  }

  void receive(int listener) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    Socket socket(::accept4(listener, reinterpret_cast<sockaddr *>(&peer), &size,
                            SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket.get() < 0)
      return;
    auto context = joins();
    if (!context)
      return log("joins: " + llvm::toString(context.takeError()));
    auto is_over = std::make_shared<std::atomic<bool>>(false);
    visits_.push_back(
        {std::thread([this, is_over, context = *context, held = std::move(socket)]() mutable {
           tell(answer({home_, *authority_, turn_}, *context, std::move(held), connection_limit));
           *is_over = true;
         }),
         is_over});
  }

  /// Strangers cannot fill the log: one line a second, and how many were left out.
  void tell(const std::string &what) {
    const std::lock_guard lock(telling_);
    const auto at = Clock::now();
    if (at - told_ < 1s) {
      ++untold_;
      return;
    }
    log("joins: " + what + (untold_ > 0 ? fmt::format(" (and {} more since)", untold_) : ""));
    told_ = at;
    untold_ = 0;
  }

  /// The authority's end of TLS; its own certificate lasts no longer than others' do.
  llvm::Expected<std::shared_ptr<trust::TlsContext>> joins() {
    const std::lock_guard lock(turn_);
    const UnixNanos at = now();
    if (joins_ && at < joins_until_)
      return joins_;
    auto own = authority_->self(at);
    if (!own)
      return own.takeError();
    auto chain = authority_->chain_for_joins(at);
    if (!chain)
      return chain.takeError();
    auto context = trust::TlsContext::for_joins(own->key, *chain);
    if (!context)
      return context.takeError();
    joins_ = std::move(*context);
    joins_until_ = at + 10min; // a rotation shows soon
    return joins_;
  }

  llvm::Error look_after_members() {
    const std::lock_guard lock(turn_);
    const UnixNanos at = now();
    auto is_new = renew_own(home_, *authority_, at);
    if (!is_new)
      return is_new.takeError();
    auto revision = authority_->revision();
    if (!revision)
      return revision.takeError();
    if (auto error = refresh(home_, *authority_, at, *is_new))
      return error;
    known_ = *revision;
    looked_ = Clock::now();
    return llvm::Error::success();
  }

  llvm::Error start_broker() {
    if (const pid_t pid = process_.running()) {
      log(fmt::format("the broker runs already, pid {}", pid));
      return llvm::Error::success();
    }
    auto pid = process_.start(server_, home_.broker);
    if (!pid)
      return pid.takeError();
    log(fmt::format("the broker was started, pid {}", *pid));
    started_ = Clock::now();
    has_streams_ = false;
    return llvm::Error::success();
  }

  /// Streams that are missing, and what the authority says to everybody.
  llvm::Error publish() {
    auto own = membership::Member::load(home_.operator_directory());
    if (!own)
      return own.takeError();
    auto broker = link::Connection::open(*own, {}, broker_limit);
    if (!broker)
      return broker.takeError();
    if (!has_streams_)
      if (auto error = broker::make_streams(**broker))
        return error;
    has_streams_ = true;
    const std::lock_guard lock(turn_);
    auto list = authority_->revocations(now());
    auto roots = authority_->signed_bundles();
    if (!list || !roots)
      return llvm::joinErrors(list.takeError(), roots.takeError());
    proto::SignedBundles bundles;
    bundles.mutable_bundles()->Assign(roots->begin(), roots->end());
    for (const auto &[subject, value] :
         {std::pair(link::revocations.str(), *list),
          std::pair(link::bundles.str(), bundles.SerializeAsString())}) {
      auto answer = (*broker)->request(subject, value, {}, broker_limit);
      if (!answer)
        return answer.takeError();
      if (auto stored = link::read_ack(*answer); !stored)
        return stored.takeError();
    }
    published_ = known_;
    published_at_ = Clock::now();
    return llvm::Error::success();
  }

  void look() {
    const auto at = Clock::now();
    if (process_.running() == 0 && at >= try_again_) {
      log("the broker has ended");
      pause_ = at - started_ > 1min ? first_pause : std::min(pause_ * 2, longest_pause);
      if (auto error = start_broker())
        log(llvm::toString(std::move(error)));
      try_again_ = Clock::now() + pause_;
    }
    uint64_t revision = known_;
    {
      const std::lock_guard lock(turn_);
      if (auto read = authority_->revision())
        revision = *read;
      else
        log(llvm::toString(read.takeError()));
    }
    if (revision != known_ || at - looked_ > look_every) {
      looked_ = at;
      if (auto error = look_after_members())
        log(llvm::toString(std::move(error)));
      drop_old_logs();
    }
    if ((!has_streams_ || published_ != known_ || at - published_at_ > publish_every) &&
        at - tried_ > 1s) {
      tried_ = at;
      if (auto error = publish())
        log("the broker does not take what everybody has to know: " +
            llvm::toString(std::move(error)));
    }
  }

  /// nats-server starts a new log at a size, and keeps all the old ones.
  void drop_old_logs() {
    namespace fs = std::filesystem;
    std::vector<std::string> old;
    std::error_code ignored;
    for (const auto &entry : fs::directory_iterator(home_.broker_directory(), ignored))
      if (entry.path().filename().string().rfind("nats.log.", 0) == 0)
        old.push_back(entry.path().string());
    std::sort(old.begin(), old.end()); // by time, which is in the name
    for (size_t i = 0; i + 2 < old.size(); ++i)
      fs::remove(old[i], ignored);
  }

  const Home &home_;
  std::unique_ptr<Authority> authority_;
  std::mutex turn_;
  broker::Server server_;
  broker::Process process_;
  std::list<Visit> visits_;
  std::mutex telling_;
  Clock::time_point told_;
  size_t untold_ = 0;
  std::shared_ptr<trust::TlsContext> joins_;
  UnixNanos joins_until_;
  uint64_t known_ = 0, published_ = 0; ///< revisions of the authority
  bool has_streams_ = false;
  Clock::time_point looked_, tried_, published_at_, started_, try_again_;
  Clock::duration pause_ = first_pause;
};

} // namespace

llvm::Error serve(const Home &home) {
  auto lock = lock_home(home);
  if (!lock)
    return lock.takeError();
  auto server = broker::find_server();
  if (!server)
    return server.takeError();
  auto authority = Authority::open(home.authority_directory());
  if (!authority)
    return authority.takeError();
  return Service(home, std::move(*authority), std::move(*server)).run();
}

pid_t serving(const Home &home) {
  const Socket lock(::open(home.pid_file().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (lock.get() < 0 || ::flock(lock.get(), LOCK_SH | LOCK_NB) == 0)
    return 0;
  pid_t pid = 0;
  auto text = read_descriptor(lock.get(), 32);
  if (!text)
    llvm::consumeError(text.takeError());
  else if (llvm::StringRef(*text).trim().getAsInteger(10, pid))
    pid = 0;
  return pid;
}

} // namespace nemo::service
