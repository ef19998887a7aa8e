// The files that a relative mount source names, read whole: they travel with the plan, so that what
// was planned is what runs, whatever happens to the work tree meanwhile.
#pragma once

#include <string>

#include "llvm/Support/Error.h"

#include "intent/check/load.h"
#include "protocol/intent.pb.h"

namespace nemo::check {

/// \param source  relative to `place.directory`; a file or a directory. Limits:
/// protocol/artifact/artifact.h; no link
///                that leads out of the source, nothing that is neither file nor directory.
/// \returns the artifact with its digest, or an error in plain words.
llvm::Expected<proto::Artifact> read_artifact(const Place &place, const std::string &source);

} // namespace nemo::check
