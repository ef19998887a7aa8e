// Small questions to a checked intent: what has this name, and do two say the same.
#pragma once

#include "llvm/ADT/StringRef.h"

#include "protocol/intent.pb.h"

namespace nemo::model {

const proto::Workload *find_workload(const proto::Intent &intent, llvm::StringRef name);
const proto::Select *find_select(const proto::Intent &intent, llvm::StringRef name);
const proto::Tenant *find_tenant(const proto::Intent &intent, llvm::StringRef name);
const proto::Secret *find_secret(const proto::Intent &intent, llvm::StringRef name);

/// What is meant, without how it was written: no spans, no source texts, no rules' wording, no
/// digest. Two files that differ only in layout and comments are equal after this.
proto::Intent strip_positions(proto::Intent intent);

/// Whether two intents say the same, wherever and in whatever layout.
bool same_meaning(const proto::Intent &a, const proto::Intent &b);

} // namespace nemo::model
