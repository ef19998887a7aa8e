// Random intents that check clean: the same seed gives the same text.
#pragma once

#include <cstdint>
#include <string>

std::string random_intent(uint32_t seed);
