// What nodes cannot enforce, by (workload, node): capability and the node's reason.
#pragma once

#include "compiler/verify/case.h"

namespace nemo::verify {

std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>>
shortfalls_of(const Case &subject);

} // namespace nemo::verify
