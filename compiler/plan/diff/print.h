// The difference between two plans: for people, for a pull request, for programs.
#pragma once

#include <variant>

#include "base/diagnostics/diagnostics.h"
#include "compiler/plan/diff/diff.h"
#include "compiler/plan/print.h"

namespace nemo::plan {

/// What merging one commit into another changes, in the words of who asked.
struct Sides {
  std::string into, into_id;          ///< "main" and its commit
  std::string from, from_id, subject; ///< "topic", its commit and that one's first line
  size_t commits = 0;                 ///< that merging brings
};

/// What is supposed to change around the same plan: "node gw1 is lost".
struct Supposed {
  std::vector<std::string> changes;
};

using Question = std::variant<Sides, Supposed>;

void print(llvm::raw_ostream &out, const Difference &difference, const Question &question,
           const PrintStyle &style);
void print_json(llvm::raw_ostream &out, const Difference &difference, const Question &question);

/// GitHub's and GitLab's Markdown. Whatever names and messages hold, they stay text: no link, no
/// mention, no markup, no broken table. Long tables are cut: such a comment has a limit of 64 KiB.
void print_markdown(llvm::raw_ostream &out, const Difference &difference, const Question &question);
/// There is no plan to compare: the diagnostics as Markdown.
void print_markdown(llvm::raw_ostream &out, llvm::ArrayRef<Diagnostic> diagnostics,
                    const Question &question);

} // namespace nemo::plan
