// Live migration of the example unikernel, which writes 16 MiB of its memory all along, while it is
// asked 1,000 times a second: from one QEMU to the next on this machine, and on.
#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include <sys/socket.h>

#include <fmt/format.h>

#include "bench/fleet/rig.h"
#include "runtime-agent/migrate/arriving.h"
#include "runtime-agent/migrate/leaving.h"

using namespace nemo;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kMoves = 30;
constexpr char kWords[] = "write=16M rate=64M";

struct Trip {
  double downtime_ms = 0, gap_ms = 0;
  int64_t lost = 0;
  bool back = false;
};

/// As two agents do it, with a socket between them.
std::optional<migrate::Left> move(const std::string &from, const std::string &to) {
  auto loop = agent::Loop::create();
  int ends[2];
  if (!loop || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return std::nullopt;
  std::optional<migrate::Left> result;
  const auto nothing = [] { return llvm::Error::success(); };
  auto arriving = migrate::Arriving::start(**loop, to, agent::Fd(ends[1]), {},
                                           {nothing, [](migrate::Arrived) {}});
  auto leaving = migrate::Leaving::start(**loop, from, agent::Fd(ends[0]), {},
                                         {nothing, [&](migrate::Left left) {
                                            result = std::move(left);
                                            (*loop)->stop();
                                          }});
  llvm::consumeError((*loop)->run());
  if (result->how == migrate::Left::How::gone)
    return result;
  fmt::print(stderr, "{}\n", result->why);
  return std::nullopt;
}

/// The worst time between two answers, and how many were missing, while it is moved.
std::optional<Trip> travel(bench::Rig &rig, bench::Rig::Machine &from, bench::Rig::Machine &to) {
  std::atomic<bool> over = false;
  std::optional<migrate::Left> moved;
  std::thread mover([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    moved = move(from.control, to.control);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    over = true;
  });
  Trip trip;
  uint64_t last = 0;
  int64_t sent = 0, received = 0;
  auto heard = Clock::now(), next = heard;
  while (!over) {
    rig.send();
    ++sent;
    next += std::chrono::milliseconds(1);
    std::this_thread::sleep_until(next);
    while (const auto count = rig.receive()) {
      trip.back |= *count <= last;
      last = *count;
      ++received;
      const auto at = Clock::now();
      trip.gap_ms =
          std::max(trip.gap_ms, std::chrono::duration<double, std::milli>(at - heard).count());
      heard = at;
    }
  }
  mover.join();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  while (rig.receive())
    ++received;
  trip.lost = sent - received;
  if (!moved)
    return std::nullopt;
  trip.downtime_ms = std::chrono::duration<double, std::milli>(moved->stood_still).count();
  return trip;
}

double at_share(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(share * values.size()))];
}

} // namespace

int main(int argc, char **argv) {
  if (const std::string why = bench::Rig::lacks(ECHO_IMAGE); !why.empty()) {
    fmt::print(stderr, "bench-migrate: {}\n", why);
    return 1;
  }
  bench::Rig rig(ECHO_IMAGE);
  std::optional<bench::Rig::Machine> here(rig.start(0, false, kWords));
  rig.ask();
  std::vector<double> downtimes, gaps, lost;
  bool back = false;
  for (int i = 1; i <= kMoves; ++i) {
    bench::Rig::Machine there = rig.start(i % 2, true, kWords);
    const auto trip = travel(rig, *here, there);
    if (!trip)
      return 1;
    here.reset(); // gives its tap device back
    here.emplace(std::move(there));
    downtimes.push_back(trip->downtime_ms);
    gaps.push_back(trip->gap_ms);
    lost.push_back(static_cast<double>(trip->lost));
    back |= trip->back;
  }
  const bool json = argc > 1 && std::string(argv[1]) == "--json";
  fmt::print(
      fmt::runtime(
          json ? "{{\"version\":1,\"moves\":{},\"downtime_p50_ms\":{:.1f},\"downtime_p99_ms\":{:."
                 "1f},"
                 "\"gap_p50_ms\":{:.1f},\"gap_p99_ms\":{:.1f},\"lost_p50\":{},\"lost_most\":{},"
                 "\"counter_went_back\":{}}}\n"
               : "{} live migrations, 16 MiB being written, 1,000 datagrams/s\n"
                 "  stood still              p50 {:.1f} ms   p99 {:.1f} ms   (at most 30 ms at "
                 "p50)\n"
                 "  longest without answer   p50 {:.1f} ms   p99 {:.1f} ms\n"
                 "  datagrams not answered   p50 {}   most {}   (at most 30)\n"
                 "  the counter went back    {}\n"),
      kMoves, at_share(downtimes, 0.5), at_share(downtimes, 0.99), at_share(gaps, 0.5),
      at_share(gaps, 0.99), at_share(lost, 0.5), at_share(lost, 1), back);
  return back ? 1 : 0;
}
