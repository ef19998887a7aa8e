// What a workload's block says of the specification that its replicas are started from.
#pragma once

#include "protocol/intent.pb.h"
#include "protocol/node.pb.h"

namespace nemo::compiler {

/// What the intent says, before it is known where it runs and who is there.
proto::Spec spec_of(const proto::Intent &intent, const proto::Workload &workload);

/// A specification without what follows from where it runs and who is there.
proto::Spec own(proto::Spec spec);

} // namespace nemo::compiler
