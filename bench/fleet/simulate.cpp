// Desired state to 10,000 members at once, over a real nats-server with TLS and permissions by
// identity: from the first that is stored to the last that a member has acknowledged, and what the
// broker needs for it. Members are simulated (simulated/members.h): their keys, certificates,
// connections, signatures and seals are real; what they would run is not there. Who delivers is the
// fleet's backend as `nemo apply` uses it.
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llvm/ADT/ScopeExit.h"

#include "backends/fleet/authority/authority.h"
#include "backends/fleet/backend.h"
#include "base/error.h"
#include "bench/fleet/simulated/members.h"
#include "bench/machines/machines.h"
#include "bench/support/process.h"

using namespace nemo;
using namespace nemo::bench;
using Clock = std::chrono::steady_clock;

namespace {

constexpr double most_seconds = 2;
constexpr int spare_descriptors = 200;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

llvm::Expected<std::vector<Identity>> enrol(const std::string &authority_directory,
                                            const std::string &fleet, int count) {
  auto authority = authority::Authority::open(authority_directory);
  if (!authority)
    return authority.takeError();
  std::vector<Identity> members;
  for (int i = 0; i < count; ++i) {
    if (interrupted())
      return interruption();
    trust::SpiffeId id{fleet, trust::Role::node, fmt::format("n{}", i)};
    auto key = trust::SigningKey::generate();
    auto sealing = trust::SealingKey::generate();
    if (!key || !sealing)
      return llvm::joinErrors(key.takeError(), sealing.takeError());
    auto request = trust::make_request(*key, id);
    if (!request)
      return request.takeError();
    auto chain = (*authority)->certify(*request, {}, "bench", now());
    if (!chain)
      return chain.takeError();
    members.push_back({std::move(id), std::move(*key), std::move(*sealing), std::move(*chain)});
  }
  return members;
}

llvm::Error deliver(backends::fleet::Backend &backend, const std::vector<Identity> &members,
                    uint64_t before, double &seconds) {
  std::vector<proto::DeliverCall> calls;
  for (const Identity &member : members) {
    proto::DeliverCall &call = calls.emplace_back();
    call.set_expected_generation(before);
    call.set_holder("bench");
    call.mutable_part()->set_stack("web");
    call.mutable_part()->set_node(member.id.name);
    proto::Instance &instance = *call.mutable_part()->add_instances();
    instance.set_workload("web");
    instance.set_revision("r1");
    instance.mutable_spec()->add_exec("/bin/true");
  }
  size_t acknowledged = 0;
  const auto begin = Clock::now();
  if (auto error = backend.deliver(
          calls, [&](const std::string &, const proto::Delivered &) { ++acknowledged; }))
    return llvm::joinErrors(failure("{} of {} have acknowledged", acknowledged, members.size()),
                            std::move(error));
  seconds = since(begin);
  return acknowledged == members.size()
             ? llvm::Error::success()
             : failure("{} of {} have acknowledged", acknowledged, members.size());
}

} // namespace

int main(int argc, char **argv) {
  int count = 10'000;
  Bench bench("simulate", "what is wanted goes to 10,000 simulated members of a fleet at once");
  bench.number("--members", count, "How many there are");
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0 ||
        files.rlim_max < static_cast<rlim_t>(count + spare_descriptors))
      return failure("{} connections need as many descriptors, and {} are allowed (ulimit -n)",
                     count, files.rlim_max);
    files.rlim_cur = files.rlim_max; // for the broker, too, which inherits it
    ::setrlimit(RLIMIT_NOFILE, &files);
    auto fleet = Fleet::make(bench);
    if (!fleet)
      return fleet.takeError();
    const std::string home = (*fleet)->state("") + "/nemo/fleet";
    // Certified while nobody serves: else the broker would load a longer list for each.
    if (auto stopped = (*fleet)->nemo("", {"fleet", "stop"}); !stopped)
      return stopped.takeError();
    auto begin = Clock::now();
    auto members = enrol(home + "/authority", "bench.example", count);
    if (!members)
      return members.takeError();
    report.add({"keys and certificates of a member, each", since(begin) / count * 1e3, "ms"});
    if (auto started = (*fleet)->nemo("", {"fleet", "start"}); !started)
      return started.takeError();
    auto own = membership::Member::load(home + "/operator");
    auto broker = (*fleet)->broker_pid();
    if (!own || !broker)
      return llvm::joinErrors(own.takeError(), broker.takeError());
    auto alone = memory_mib(*broker, "Rss:");
    if (!alone)
      return alone.takeError();

    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0)
      return failure("no pipe");
    begin = Clock::now();
    const pid_t child = ::fork(); // before libnats has threads here
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(ready[0]);
      auto error = be_members(*members, own->credentials().bundle, (*fleet)->port(), ready[1]);
      llvm::errs() << "the members: " << llvm::toString(std::move(error)) << '\n';
      ::_exit(1);
    }
    ::close(ready[1]);
    auto end = llvm::make_scope_exit([&] {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    });
    char byte = 0;
    pollfd there{ready[0], POLLIN, 0};
    while (::poll(&there, 1, 200) <= 0)
      if (interrupted())
        return interruption();
    if (::read(ready[0], &byte, 1) != 1)
      return failure("not all members came to the broker");
    report.add({fmt::format("{} members connect and report", count), since(begin), "s"});

    auto backend = backends::fleet::Backend::open(home + "/operator");
    if (!backend)
      return backend.takeError();
    begin = Clock::now();
    auto observed = backend->observe();
    if (!observed)
      return observed.takeError();
    if (observed->nodes_size() != count)
      return failure("{} of {} reports can be read", observed->nodes_size(), count);
    report.add({"all reports read and verified", since(begin), "s"});
    double first = 0, again = 0;
    if (auto error = deliver(*backend, *members, 0, first))
      return error;
    if (auto error = deliver(*backend, *members, 1, again))
      return error;
    report.add({fmt::format("desired state to {}, until all have acknowledged", count), first, "s",
                most_seconds});
    report.add({"the same once more", again, "s", most_seconds});
    auto full = memory_mib(*broker, "Rss:"), simulator = memory_mib(child, "Rss:");
    if (!full || !simulator)
      return llvm::joinErrors(full.takeError(), simulator.takeError());
    report.add({"the broker's RSS, with nobody", *alone, "MiB"});
    report.add({"the broker's RSS, with all", *full, "MiB"});
    report.add({"the same, of each member", (*full - *alone) * 1024 / count, "KiB"});
    report.add({"RSS of the process that is all members", *simulator, "MiB"});
    report.note(
        "Every member has its own key, certificate and TLS connection; all share one thread. "
        "Statements are sealed and signed by the one who delivers, and verified and opened by "
        "each member.");
    return llvm::Error::success();
  });
}
