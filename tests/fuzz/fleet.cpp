// Any bytes as a fleet file: read, and when it reads, written so that it reads back as the same
// fleet.
#include <cstdio>
#include <cstdlib>

#include "intent/fleet/fleet_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace nemo;
  const fleet::FleetFile first =
      fleet::parse_fleet("fleet.yaml", std::string(reinterpret_cast<const char *>(data), size));
  SourceTexts texts;
  texts.add(first.path, first.text);
  render(llvm::nulls(), first.diagnostics, texts, {});
  if (has_errors(first.diagnostics))
    return 0;
  const std::string written = fleet::write_fleet(first.fleet);
  const fleet::FleetFile second = fleet::parse_fleet("fleet.yaml", written);
  if (has_errors(second.diagnostics) || fleet::write_fleet(second.fleet) != written) {
    std::fprintf(stderr, "does not read back:\n%s\n", written.c_str());
    render(llvm::errs(), second.diagnostics, {}, {});
    std::abort();
  }
  return 0;
}
