// The command line of the unikernel.
#include <catch2/catch.hpp>

#include "examples/unikernel/echo/options.h"
#include "examples/unikernel/echo/text.h"

using namespace unikernel;

TEST_CASE("what is not said has its default, what others are told is passed over") {
  const Options options = read_options("  console=ttyS0 gw=10.0.0.1  quiet ");
  CHECK(options.bad.empty());
  CHECK(!options.address);
  CHECK(options.port == 7);
  CHECK(options.write == 0);
  CHECK(options.device_count == 0);
}

TEST_CASE("what is said is understood") {
  const Options options = read_options("ip=10.1.2.3/16 port=4000 write=16M rate=512K "
                                       "virtio_mmio.device=512@0xfeb00e00:12 "
                                       "virtio_mmio.device=0x200@0xfeb00c00:11");
  CHECK(options.bad.empty());
  CHECK(options.address == 0x0a010203);
  CHECK(options.prefix == 16);
  CHECK(options.port == 4000);
  CHECK(options.write == 16u << 20);
  CHECK(options.rate == 512u << 10);
  REQUIRE(options.device_count == 2);
  CHECK(options.devices[0].registers == 0xfeb00e00);
  CHECK(options.devices[0].line == 12);
  CHECK(options.devices[1].registers == 0xfeb00c00);
}

TEST_CASE("an address without a prefix has 24 bits of network") {
  CHECK(read_options("ip=10.0.0.2").prefix == 24);
}

TEST_CASE("the first word that cannot be understood is named") {
  const std::string word =
      GENERATE("ip=", "ip=10.0.0", "ip=10.0.0.256", "ip=10.0.0.2/0", "ip=10.0.0.2/33",
               "ip=10.0.0.2/x", "ip=10.0.0.2x", "ip=224.0.0.1", "ip=127.0.0.1", "ip=0.0.0.0",
               "port=0", "port=65536", "port=x", "port=", "write=", "write=M", "write=5G",
               "write=16T", "write=16MB", "rate=-1", "rate=18446744073709551616",
               "virtio_mmio.device=511@0xfeb00e00:12", "virtio_mmio.device=512@0xfeb00e01:12",
               "virtio_mmio.device=512@0xffffffff0:12", "virtio_mmio.device=512@0xfeb00e00:24",
               "virtio_mmio.device=512@0xfeb00e00:12:1", "virtio_mmio.device=512@0xfeb00e00");
  CHECK(read_options("quiet " + word + " port=x").bad == word);
}

TEST_CASE("there are at most eight devices") {
  std::string line;
  for (int i = 0; i < 9; ++i)
    line += "virtio_mmio.device=512@0xfeb00e00:12 ";
  const Options options = read_options(line);
  CHECK(options.device_count == 8);
  CHECK(!options.bad.empty());
}

TEST_CASE("numbers are written where there is room") {
  uint8_t room[3] = {};
  CHECK(write_decimal(0, room) == 1);
  CHECK(room[0] == '0');
  CHECK(write_decimal(907, room) == 3);
  CHECK(std::string(room, room + 3) == "907");
  CHECK(write_decimal(1000, room) == 0);
}
