#include "examples/unikernel/echo/options.h"

#include "examples/unikernel/echo/text.h"

namespace unikernel {

namespace {

constexpr uint64_t kTopOfMemory = uint64_t{1} << 32; // what is mapped
constexpr uint64_t kRegisters = 512;

/// A number up to `most` that is all of `text`.
std::optional<uint64_t> whole(std::string_view text, uint64_t most) {
  const auto value = take_number(text);
  return value && text.empty() && *value <= most ? value : std::nullopt;
}

/// "16M": bytes with K, M or G.
std::optional<uint64_t> size(std::string_view text) {
  const auto value = take_number(text);
  unsigned shift = 0;
  if (take(text, "K"))
    shift = 10;
  else if (take(text, "M"))
    shift = 20;
  else if (take(text, "G"))
    shift = 30;
  if (!value || !text.empty() || *value > kTopOfMemory >> shift)
    return std::nullopt;
  return *value << shift;
}

bool read_address(std::string_view text, Options &options) {
  uint32_t address = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && !take(text, "."))
      return false;
    const auto value = take_number(text);
    if (!value || *value > 255)
      return false;
    address = address << 8 | static_cast<uint32_t>(*value);
  }
  if (take(text, "/")) {
    const auto prefix = whole(text, 32);
    if (!prefix || *prefix == 0)
      return false;
    options.prefix = static_cast<unsigned>(*prefix);
  } else if (!text.empty()) {
    return false;
  }
  const uint32_t first = address >> 24;
  options.address = address;
  return first != 0 && first != 127 && first < 224;
}

bool read_device(std::string_view text, Options &options) {
  const auto bytes = take_number(text);
  if (!bytes || *bytes < kRegisters || !take(text, "@") ||
      options.device_count == Options::kMostDevices)
    return false;
  const auto registers = take_number(text);
  if (!registers || *registers % 4 != 0 || *registers > kTopOfMemory - kRegisters ||
      !take(text, ":"))
    return false;
  const auto line = whole(text, 23);
  if (!line)
    return false;
  options.devices[options.device_count++] = {*registers, static_cast<uint8_t>(*line)};
  return true;
}

bool read_word(std::string_view word, Options &options) {
  std::optional<uint64_t> value = 0;
  if (take(word, "ip="))
    return read_address(word, options);
  if (take(word, "virtio_mmio.device="))
    return read_device(word, options);
  if (take(word, "port=")) {
    value = whole(word, 65535);
    options.port = static_cast<uint16_t>(value.value_or(0));
    return options.port != 0;
  }
  if (take(word, "write="))
    options.write = (value = size(word)).value_or(0);
  else if (take(word, "rate="))
    options.rate = (value = size(word)).value_or(0);
  return value.has_value();
}

} // namespace

Options read_options(std::string_view line) {
  Options options;
  while (!line.empty()) {
    const std::string_view rest = line;
    while (!line.empty() && line.front() != ' ')
      line.remove_prefix(1);
    const std::string_view word(rest.data(), rest.size() - line.size());
    if (!read_word(word, options) && options.bad.empty())
      options.bad = word;
    while (!line.empty() && line.front() == ' ')
      line.remove_prefix(1);
  }
  return options;
}

} // namespace unikernel
