// Two processes that have the same authority open, as the join service and an operator do.
#include "fleet.h"

#include <sys/wait.h>
#include <unistd.h>

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;
using authority::Authority;

namespace {

/// A process that renews the member's certificate until it is told no, and writes each new one to
/// the pipe: its size in two bytes, then itself. \returns its id.
pid_t renew_until_refused(const Fleet &fleet, const std::vector<std::string> &renewals, int out) {
  const pid_t child = ::fork();
  if (child != 0)
    return child;
  auto authority = Authority::open(fleet.dir / "ca");
  if (!authority)
    ::_exit(9);
  for (const std::string &one : renewals) {
    auto chain = (*authority)->renew(one, fleet.now);
    if (!chain) {
      const std::string why = llvm::toString(chain.takeError());
      ::_exit(why.find("was revoked") != std::string::npos ? 0 : 8);
    }
    std::string message = chain->front();
    message.insert(0, {static_cast<char>(message.size() >> 8), static_cast<char>(message.size())});
    if (::write(out, message.data(), message.size()) != static_cast<ssize_t>(message.size()))
      ::_exit(7);
  }
  ::_exit(0);
}

std::string read_exactly(int in, size_t size) {
  std::string bytes(size, '\0');
  size_t done = 0;
  for (ssize_t count = 1; done < size && count > 0; done += static_cast<size_t>(count))
    if ((count = ::read(in, bytes.data() + done, size - done)) <= 0)
      break;
  bytes.resize(done);
  return bytes;
}

/// Empty at the end.
std::string read_certificate(int in) {
  const std::string size = read_exactly(in, 2);
  if (size.size() < 2)
    return {};
  return read_exactly(
      in, static_cast<size_t>(static_cast<uint8_t>(size[0]) << 8 | static_cast<uint8_t>(size[1])));
}

} // namespace

TEST_CASE("no renewal that races a revocation outlives it") {
  Fleet fleet;
  int renewed = 0, survived = 0;
  for (int round = 0; round < 15; ++round) {
    const Member member = fleet.member(Role::node, "n" + std::to_string(round));
    std::vector<std::string> renewals;
    for (int i = 0; i < 60; ++i)
      renewals.push_back(renewal(fleet.now, member, good(SigningKey::generate()), member.id));
    // SQLite's locks are not for both sides of a fork.
    fleet.authority.reset();
    int tube[2];
    REQUIRE(::pipe(tube) == 0);
    const pid_t child = renew_until_refused(fleet, renewals, tube[1]);
    ::close(tube[1]);
    fleet.authority = good(Authority::open(fleet.dir / "ca"));
    std::vector<std::string> made = {read_certificate(tube[0])};
    good(fleet.authority->revoke(member.id, "t", "stolen", fleet.now));
    while (!made.back().empty())
      made.push_back(read_certificate(tube[0]));
    made.pop_back();
    ::close(tube[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    const Revocations list = fleet.revocations();
    const Bundle bundle = good(fleet.authority->bundle());
    for (const std::string &one : made) {
      const Svid svid = good(verify_svid({one, member.chain.back()}, bundle, fleet.now));
      survived += said(list.check(svid)).empty() ? 1 : 0;
      ++renewed;
    }
  }
  CHECK(renewed >= 15);
  CHECK(survived == 0);
}
