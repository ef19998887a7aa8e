// Data stays where it is: a volume on its node, `data.location` within its node, site or region.
#pragma once

#include "compiler/verify/case.h"

namespace nemo::verify {

/// Where the data of a replica is that would be left behind on `node`; null: none.
const There *data_left_behind(const Case &subject, const proto::Workload &workload, uint32_t number,
                              const std::string &node);
void check_data(const Case &subject, Faults &faults);

} // namespace nemo::verify
