// A site's uplink is cut while much happens there: what its node has to tell is kept on its disk,
// and is told when the link is back. The node's end is the agent's own (runtime-agent/fleet), with
// the memory and the process that it speaks to the broker by; what happens is made up, many times
// faster than workloads could. The link is a relay of this bench, which is cut like a cable: nobody
// is told.
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "base/files.h"
#include "bench/machines/machines.h"
#include "protocol/link/connection.h"
#include "protocol/link/subjects.h"
#include "runtime-agent/fleet/link.h"

using namespace nemo;
using namespace nemo::bench;
using namespace std::chrono_literals;

namespace {

const std::string node = "edge";

/// Carries connections from one port of this machine to another, until it is cut: then bytes stop
/// and nothing is closed.
class Relay {
public:
  Relay(int port, int broker) : broker_(broker), listener_(listen_on(port)) {
    thread_ = std::thread([this] { run(); });
  }
  ~Relay() {
    ending_ = true;
    thread_.join();
    for (const auto &[from, to] : other_)
      ::close(from);
    ::close(listener_);
  }
  Relay(const Relay &) = delete;
  bool listens() const { return listener_ >= 0; }
  void cut(bool yes) { cut_ = yes; }

private:
  static sockaddr_in local(int port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
  }
  static int listen_on(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = local(port);
    if (::bind(fd, reinterpret_cast<const sockaddr *>(&at), sizeof at) == 0 &&
        ::listen(fd, 16) == 0)
      return fd;
    ::close(fd);
    return -1;
  }

  void accept() {
    const int from = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int to = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = local(broker_);
    if (from < 0 || ::connect(to, reinterpret_cast<const sockaddr *>(&at), sizeof at) != 0) {
      ::close(from);
      ::close(to);
      return;
    }
    other_[from] = to;
    other_[to] = from;
  }

  void carry(int from) {
    char piece[64 << 10];
    const int to = other_[from];
    const ssize_t size = ::recv(from, piece, sizeof piece, 0);
    ssize_t sent = 0;
    while (sent < size) {
      const ssize_t n = ::send(to, piece + sent, static_cast<size_t>(size - sent), MSG_NOSIGNAL);
      if (n <= 0)
        break;
      sent += n;
    }
    if (size > 0 && sent == size)
      return;
    for (const int end : {from, to}) {
      ::close(end);
      other_.erase(end);
    }
  }

  void run() {
    while (!ending_) {
      if (cut_) {
        std::this_thread::sleep_for(10ms);
        continue;
      }
      std::vector<pollfd> ready{{listener_, POLLIN, 0}};
      for (const auto &[from, to] : other_)
        ready.push_back({from, POLLIN, 0});
      ::poll(ready.data(), ready.size(), 50);
      for (const pollfd &one : ready)
        if (one.revents != 0 && !cut_) {
          if (one.fd == listener_)
            accept();
          else if (other_.contains(one.fd))
            carry(one.fd);
        }
    }
  }

  int broker_, listener_;
  std::atomic<bool> cut_ = false, ending_ = false;
  std::map<int, int> other_;
  std::thread thread_;
};

/// The node: its end of the fleet, and as its agent something that tells of `count` events, evenly
/// over `seconds`, from when a byte comes on `begin`. In a process of its own.
[[noreturn]] void be_the_node(const std::string &directory, int begin, uint64_t count,
                              int seconds) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto loop = llvm::cantFail(agent::Loop::create());
  uint64_t made = 0;
  auto answer = [&made](const proto::BackendRequest &request) -> agent::Answer {
    if (request.has_watch())
      return agent::Stream(
          [&made, after = request.watch().after()](proto::BackendResponse &response) mutable {
            if (after >= made)
              return agent::Pull::wait;
            proto::Event &event = *response.mutable_event();
            event.set_sequence(++after);
            event.set_type("state");
            event.set_message(fmt::format("event {}", after));
            proto::Running &instance = *event.mutable_instance();
            instance.set_stack("site");
            instance.set_workload("sensor");
            instance.set_node(node);
            instance.set_state(proto::Running::RUNNING);
            return agent::Pull::item;
          });
    proto::BackendResponse response;
    response.mutable_fleet()->set_version(1);
    return response;
  };
  auto link = agent::fleet::Link::open(
      *loop, directory, {.node = node},
      {answer, [](const std::string &, std::optional<std::vector<proto::Running>>) {},
       [](std::map<std::string, agent::Agent::HeldBack>) {},
       [](const std::string &, const proto::MoveOffer &, agent::Fd) {},
       [] { return std::map<std::string, agent::Agent::LeaseNeed>(); },
       [](const std::string &, std::optional<agent::Ticks>, std::string) {}});
  if (!link) {
    llvm::errs() << llvm::toString(link.takeError()) << '\n';
    ::_exit(1);
  }
  constexpr agent::Ticks step = 10;
  agent::Ticks began = 0;
  std::function<void()> more = [&] {
    const auto so_far = static_cast<uint64_t>(agent::ticks() - began);
    made = std::min<uint64_t>(count, count * so_far / (1'000ull * static_cast<uint64_t>(seconds)));
    (*link)->news();
    if (made < count)
      loop->at(agent::ticks() + step, more);
  };
  llvm::cantFail(loop->watch(begin, POLLIN, [&](uint32_t) {
    loop->forget(begin);
    began = agent::ticks();
    more();
  }));
  llvm::cantFail(loop->run());
  ::_exit(0);
}

struct Told {
  uint64_t events = 0;   ///< different ones
  uint64_t missing = 0;  ///< below the last
  uint64_t repeated = 0; ///< that the stream holds more than once
  uint64_t last = 0;
};

/// What the broker's stream holds of the node, each batch verified.
class Reader {
public:
  Reader(const membership::Member &member, link::Connection &broker)
      : member_(member), broker_(broker) {}

  /// Takes what came since. \returns whether anything did.
  llvm::Expected<bool> more() {
    auto message = broker_.request(
        "$JS.API.DIRECT.GET.events",
        fmt::format(R"({{"seq":{},"next_by_subj":"{}"}})", next_, link::events(node)), {}, 5s);
    if (!message)
      return message.takeError();
    if (!message->status.empty() || message->sequence < next_)
      return false;
    next_ = message->sequence + 1;
    auto verified = trust::verify(
        message->data,
        trust::Expectation::of_node(proto::Signed::REPORT,
                                    {member_.id().fleet, trust::Role::node, node}, {}, now()),
        member_.trust());
    if (!verified)
      return verified.takeError();
    proto::NodeSays says;
    if (!says.ParseFromString(verified->statement.report().payload()) || !says.has_events())
      return failure("a batch of events is none");
    for (const proto::NodeEvents::One &one : says.events().events())
      if (one.event().message() != fmt::format("event {}", one.sequence()))
        return failure("event {} says: {}", one.sequence(), one.event().message());
      else
        ++seen_[one.sequence()];
    return true;
  }

  Told told() const {
    Told out;
    for (const auto &[number, times] : seen_)
      out.repeated += times - 1;
    out.events = seen_.size();
    out.last = seen_.empty() ? 0 : seen_.rbegin()->first;
    out.missing = out.last - out.events;
    return out;
  }

private:
  const membership::Member &member_;
  link::Connection &broker_;
  uint64_t next_ = 1;
  std::map<uint64_t, uint64_t> seen_;
};

/// The node's membership leads to the relay.
llvm::Error lead_to(const std::string &directory, const std::string &broker) {
  const std::string path = directory + "/member.json";
  auto text = read_file(path, 1u << 20);
  if (!text)
    return text.takeError();
  auto json = llvm::json::parse(*text);
  if (!json)
    return json.takeError();
  (*json->getAsObject())["brokers"] = llvm::json::Array{broker};
  return membership::replace_file(path, std::string(llvm::formatv("{0}", *json)), 0600);
}

} // namespace

int main(int argc, char **argv) {
  int events = 20'000, seconds = 60;
  Bench bench("uplink", "the uplink of a site is cut, and what happens meanwhile is told after");
  bench.number("--events", events, "How many happen while it is cut")
      .number("--seconds", seconds, "How long it is cut");
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    auto fleet = Fleet::make(bench);
    if (!fleet)
      return fleet.takeError();
    if (auto error = (*fleet)->add(node, "node", {"--no-agent"}))
      return error;
    const std::string directory = (*fleet)->state(node) + "/nemo/fleet/node";
    const int port = (*fleet)->port() + 2;
    if (auto error = lead_to(directory, fmt::format("127.0.0.1:{}", port)))
      return error;
    int begin[2];
    if (::pipe2(begin, O_CLOEXEC) != 0)
      return failure("no pipe");
    const pid_t child = ::fork(); // before there are threads
    if (child == 0)
      be_the_node(directory, begin[0], static_cast<uint64_t>(events) + 1, seconds);
    auto end = llvm::make_scope_exit([&] {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    });
    Relay relay(port, (*fleet)->port());
    if (!relay.listens())
      return failure("the port {} is taken", port);
    auto member = membership::Member::load((*fleet)->state("") + "/nemo/fleet/operator");
    if (!member)
      return member.takeError();
    auto broker = link::Connection::open(*member, {}, 5s);
    if (!broker)
      return broker.takeError();
    // It is there when it has reported.
    if (!eventually(30s, [&] {
          auto value = (*broker)->request(link::direct_get(link::reported(node)), "", {}, 5s);
          if (!value)
            llvm::consumeError(value.takeError());
          return value && value->status.empty();
        }))
      return failure("the node does not come to the broker");
    relay.cut(true);
    (void)!::write(begin[1], "x", 1);
    for (int i = 0; i < seconds * 10 + 20 && !interrupted(); ++i)
      std::this_thread::sleep_for(100ms);
    if (interrupted())
      return interruption();
    Reader reader(*member, **broker);
    auto early = reader.more();
    if (!early)
      return early.takeError();
    if (*early)
      return failure("the link was cut, and events came through");
    relay.cut(false);
    const auto back = std::chrono::steady_clock::now();
    llvm::Error fault = llvm::Error::success();
    const bool all = eventually(120s, [&] {
      for (;;) {
        auto more = reader.more();
        if (!more) {
          fault = llvm::joinErrors(std::move(fault), more.takeError());
          return true;
        }
        if (!*more)
          return reader.told().last > static_cast<uint64_t>(events);
      }
    });
    if (fault)
      return fault;
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - back).count();
    std::this_thread::sleep_for(6s); // what is sent again comes within five seconds
    while (!fault) {
      auto more = reader.more();
      if (!more)
        return more.takeError();
      if (!*more)
        break;
    }
    const Told told = reader.told();
    const auto expected = static_cast<double>(events) + 1;
    report.add({fmt::format("events of {} s without an uplink, told after", seconds),
                static_cast<double>(told.events), "", expected, "what happened", true});
    report.add({"lost", expected - static_cast<double>(told.events), "", 0.0});
    report.add({"doubled in the broker's stream", static_cast<double>(told.repeated), "", 0.0});
    if (all)
      report.add({"from the link's return until the last is told", took, "s"});
    report.note("The cut is shorter than five minutes where --seconds says so, and events come the "
                "faster for it.");
    return llvm::Error::success();
  });
}
