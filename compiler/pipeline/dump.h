// Stages as JSON text and back.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/compile.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

std::string to_json(const stages::Stages &stages);
llvm::Expected<stages::Stages> from_json(llvm::StringRef text);

stages::Inputs to_proto(const Inputs &inputs);
stages::Finding to_proto(const Diagnostic &diagnostic);
Diagnostic from_proto(const stages::Finding &finding);

} // namespace nemo::compiler
