// What a unikernel receives and is told. The first byte says which; an answer must be sound, and
// must not be one that another of its kind would answer: two of them would never stop.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "examples/unikernel/echo/answer.h"
#include "examples/unikernel/echo/options.h"

using namespace unikernel;

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

/// Sums that a mutation would never get right are set right, where there is a header.
void mend(std::vector<uint8_t> &frame) {
  if (frame.size() < 34 || frame[14] != 0x45)
    return;
  frame[24] = frame[25] = 0;
  uint32_t sum = 0;
  for (size_t i = 14; i < 34; i += 2)
    sum += get16(frame, i);
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  put16(frame, 24, static_cast<uint16_t>(~sum));
}

void receive(std::vector<uint8_t> frame, bool mended) {
  if (mended)
    mend(frame);
  Station here = {{0x52, 0x54, 0, 0, 0, 2}, 0x0a000002, 24, 7, UINT64_MAX - 2};
  std::vector<uint8_t> reply(kMostFrame);
  const size_t size = answer(here, frame, reply);
  require(size <= kMostFrame);
  if (size == 0)
    return;
  require(size >= 42);
  reply.resize(size);
  for (size_t i = 0; i < 6; ++i)
    require(reply[i] == frame[6 + i] && reply[6 + i] == here.mac[i]);
  // Whoever asked, and is an echo too, has nothing to say to the answer.
  Station there = here;
  for (size_t i = 0; i < 6; ++i)
    there.mac[i] = frame[6 + i];
  there.address = get16(reply, 12) == 0x0800 ? get32(reply, 30) : get32(reply, 38);
  std::vector<uint8_t> more(kMostFrame);
  require(answer(there, reply, more) == 0);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  if (data[0] % 4 == 0) {
    const std::string_view line(reinterpret_cast<const char *>(data) + 1, size - 1);
    const Options options = read_options(line);
    require(options.device_count <= Options::kMostDevices);
    require(options.bad.size() <= line.size());
    return 0;
  }
  receive({data + 1, data + size}, data[0] % 2 == 0);
  return 0;
}
