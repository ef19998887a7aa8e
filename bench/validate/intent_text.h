// A long intent of the kind that people write: the same size and seed give the same text.
#pragma once

#include <cstdint>
#include <string>

namespace nemo::bench {

/// \returns at least `bytes` of text that checks clean: groups of services with their flows and
///          policies, each block of a workload among them, about 29 bytes a line.
std::string intent_text(size_t bytes, uint32_t seed);

} // namespace nemo::bench
