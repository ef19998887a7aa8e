// Intents and fleets of the plans that every field is changed of.
#pragma once

#include <string>

namespace nemo::test {

std::string crowd();
std::string lonely(bool exchanged);
std::string overfull();
std::string frames();
std::string images();
std::string motes();
std::string night_shift();
std::string distances();
std::string survivors();
std::string clustered();
std::string tended();
std::string tended_more(); ///< and one that is new
std::string asleep();

} // namespace nemo::test
