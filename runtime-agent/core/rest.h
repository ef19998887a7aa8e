// What an agent with nothing to do gives back to its node.
#pragma once

namespace nemo::agent {

/// Lets go of free heap and of the pages of program and libraries, most of which only starting
/// needed. What is needed again comes back from the page cache.
void give_back_memory();

} // namespace nemo::agent
