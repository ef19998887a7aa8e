// Reads a text with the grammar's rule `file`. Apart from the tests, since the test framework's
// macros carry the names of tokens.
#pragma once

#include <string>

namespace nemo::syntax {

bool sound_by_grammar(const std::string &text);

} // namespace nemo::syntax
