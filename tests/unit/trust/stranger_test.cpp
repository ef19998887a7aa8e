// What is written before anybody knows who sent something, everybody can make grow.
#include "support.h"

#include <fcntl.h>
#include <unistd.h>

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;
using proto::Signed;

TEST_CASE("a stranger's statement leaves nothing in the log") {
  const World world;
  Signed envelope;
  envelope.set_kind(Signed::DESIRED_STATE);
  envelope.set_payload("\x0a\x01\xff\x12\x01\xff\x1a\x01\xff"); // fleet, signer, node: no UTF-8
  const Expectation expected =
      Expectation::desired_state({world.fleet, Role::node, "n1"}, {}, world.now);
  const TempDir dir;
  const int before = ::dup(2), file = ::open((dir / "log").c_str(), O_WRONLY | O_CREAT, 0600);
  ::dup2(file, 2);
  const std::string why = said(verify(envelope.SerializeAsString(), expected, world.trust()));
  ::dup2(before, 2);
  ::close(before);
  ::close(file);
  CHECK_THAT(why, has("a chain of 0"));
  CHECK(read(dir / "log").empty());
}
