// What apply and destroy have in common once there is a plan: show it, ask, deliver, watch, tell
// how it ended.
#pragma once

#include <functional>
#include <string>

#include "cli/session.h"
#include "orchestrator/apply.h"

namespace CLI {
class App;
}

namespace nemo::cli {

struct CarryOutOptions {
  bool yes = false;
  bool json = false;
  std::string timeout = "5min";
  bool take_over = false;
  bool looked_at = false; ///< when it was made, as a plan file: what it says is printed in brief
  /// Between the approval and the delivery; an error ends it there.
  std::function<std::vector<Diagnostic>()> on_approved = [] { return std::vector<Diagnostic>(); };
  std::string command; ///< what to type to go on: "nemo apply shop"
};

/// The flags that both take.
void add_flags(CLI::App &command, CarryOutOptions &options);

/// --lifetime, of what is delivered to a fleet.
void add_lifetime(CLI::App &command, std::string &lifetime);
std::chrono::milliseconds lifetime_of(const std::string &lifetime);

/// \param texts  of the intent, for diagnostics.
int carry_out(const Session &session, orchestrator::Seen &seen, const proto::Plan &plan,
              const CarryOutOptions &options);

/// --target and --exclude, which plan takes as well.
void add_selection(CLI::App &command, std::vector<std::string> &targets,
                   std::vector<std::string> &excludes);

/// " --target 'web*'": as it is typed again.
std::string selection_text(const std::vector<std::string> &targets,
                           const std::vector<std::string> &excludes);

/// Asks at the terminal unless --yes was given. \returns 0 to go on, else the exit code.
int approve(const Session &session, llvm::StringRef question, const CarryOutOptions &options);

/// Diagnostics in the form that was asked for, before there is anything to carry out.
int refuse(const Session &session, bool json, llvm::ArrayRef<Diagnostic> diagnostics,
           const SourceTexts &texts = {});

} // namespace nemo::cli
