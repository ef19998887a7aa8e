// Second phase: what has a name. Constants, templates and objects of all files, before anything
// looks for one; duplicates are shown with both places.
#pragma once

#include "intent/check/context.h"

namespace nemo::check {

void declare(Context &context);
/// Enters an object; `at` may be inside a template. \returns false if the name is taken or wrong.
bool declare_object(Context &context, llvm::StringRef kind, llvm::StringRef name, Cursor at,
                    syntax::StmtId statement, syntax::Extent extent);
/// 1 to 63 of a-z, 0-9 and '-', not at the ends (RFC 1123).
bool is_label(llvm::StringRef text);
/// After everything: a declared name that is an enumerator in use would be read two ways.
void refuse_ambiguous_names(Context &context);

} // namespace nemo::check
