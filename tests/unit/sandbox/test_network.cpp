// A network of its own.
#include <cerrno>

#include <net/if.h>

#include <catch2/catch.hpp>

#include "base/digest.h"
#include "place.h"

using namespace nemo::sandbox;

TEST_CASE("a network of its own has loopback up and every port free") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  if (place.host().root && place.lacks("network.own"))
    return;
  Spec spec =
      place.shell("cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d ' ' | sort | xargs; "
                  "/trial connect 127.0.0.1 1; echo $?");
  spec.own_network = true;
  place.run(spec);
  CHECK(Place::output(spec) ==
        (place.host().root ? "eth0 lo\n" : "lo\n") + std::to_string(ECONNREFUSED) + "\n");
  spec = place.trial({"bind", "80"});
  spec.own_network = true;
  spec.bind_tcp = {80};
  CHECK(place.run(spec).exit_code == 0);
}

TEST_CASE("workloads of one node reach each other by address") {
  Place place;
  if (place.lacks("network.own"))
    return;
  Spec server = place.trial({"listen", "8080"});
  server.own_network = true;
  server.bind_tcp = {8080};
  const Started started = place.start(server);
  REQUIRE(started.address);
  REQUIRE(Place::said(server, "listening"));
  const std::string pair = "nv" + nemo::sha256(server.id).substr(0, 12);
  CHECK(::if_nametoindex(pair.c_str()) != 0);
  Spec client = place.trial({"connect", *started.address, "8080"});
  client.own_network = true;
  CHECK(place.run(client).exit_code == 0);
  CHECK(place.wait(started, server).exit_code == 0);
  clean(server.id, place.host());
  CHECK(::if_nametoindex(pair.c_str()) == 0);
}
