// What has to hold a lease in order to run, and which.
#pragma once

#include <optional>

#include "compiler/verify/case.h"

namespace nemo::verify {

std::optional<proto::Lease> lease_of(const Case &subject, const Replica &replica);

} // namespace nemo::verify
