// Declared mounts: there, as they were declared, and no way around them.
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "place.h"

using namespace nemo::sandbox;

TEST_CASE("a read-only mount shows files and keeps them") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const std::string app = place.directory() + "/app";
  std::filesystem::create_directories(app + "/sub");
  Place::write(app + "/hello", "hello\n");
  Spec spec =
      place.shell("cat /srv/app/hello; (echo x > /srv/app/hello) 2>&1; mkdir /srv/app/x 2>&1;"
                  "mount -o remount,rw /srv/app 2>&1; rm -rf /srv/app/sub 2>/dev/null; true");
  spec.binds.push_back({app, "/srv/app"});
  place.run(spec);
  CHECK(Place::output(spec).find("hello\n") == 0);
  CHECK(Place::read(app + "/hello") == "hello\n");
  CHECK(std::filesystem::exists(app + "/sub"));
  CHECK_FALSE(std::filesystem::exists(app + "/x"));
}

TEST_CASE("a volume is the workload's own, also when another user takes it over") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const std::string volume = place.directory() + "/volume";
  std::filesystem::create_directory(volume);
  Spec spec = place.shell("mkdir -p /data/d; echo $0 >> /data/d/f; cat /data/d/f");
  spec.binds.push_back({volume, "/data", false, true});
  CHECK(place.run(spec).exit_code == 0);
  spec.user_slot += 1;
  CHECK(place.run(spec).exit_code == 0);
  CHECK(Place::output(spec) == "sh\nsh\nsh\n");
  struct stat info;
  REQUIRE(::stat((volume + "/d/f").c_str(), &info) == 0);
  CHECK(info.st_uid == (place.host().root ? kFirstHostUser + spec.user_slot : ::geteuid()));
}

TEST_CASE("giving a volume does not follow links out of it") {
  Place place;
  if (place.lacks("sandbox.process") || place.not_root("giving a volume"))
    return;
  const std::string volume = place.directory() + "/volume", other = place.directory() + "/other";
  std::filesystem::create_directory(volume);
  std::filesystem::create_directory(other);
  Place::write(other + "/file", "x");
  std::filesystem::create_symlink(other, volume + "/link");
  Spec spec = place.shell("cat /data/link/file");
  spec.binds.push_back({volume, "/data", false, true});
  CHECK(place.run(spec).exit_code != 0);
  struct stat info;
  REQUIRE(::stat((other + "/file").c_str(), &info) == 0);
  CHECK(info.st_uid == 0);
}

TEST_CASE("mounts nest, and a link in one cannot place another outside the sandbox") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const std::string outer = place.directory() + "/outer", inner = place.directory() + "/inner";
  std::filesystem::create_directories(outer + "/here");
  std::filesystem::create_directory(inner);
  Place::write(inner + "/file", "inner\n");
  Spec spec = place.shell("cat /srv/here/file");
  spec.binds.push_back({inner, "/srv/here"}); // declared before what it lies in
  spec.binds.push_back({outer, "/srv"});
  CHECK(place.run(spec).exit_code == 0);
  CHECK(Place::output(spec) == "inner\n");

  spec = place.spec({"true"});
  spec.binds.push_back({inner, "/srv/missing"});
  spec.binds.push_back({outer, "/srv"});
  CHECK(place.failure_of(spec).find("cannot be made in a directory of the host") !=
        std::string::npos);
  CHECK_FALSE(std::filesystem::exists(outer + "/missing"));

  std::filesystem::create_symlink(place.directory(), outer + "/out");
  spec = place.spec({"true"});
  spec.binds.push_back({inner, "/srv/out/inner"});
  spec.binds.push_back({outer, "/srv"});
  CHECK_FALSE(place.failure_of(spec).empty());
}
