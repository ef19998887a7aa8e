// Images that are not on this node yet: fetched by nemo-pull, one at a time, so that the agent goes
// on meanwhile. A fetch that an agent did not live to see the end of goes on where it was.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "base/subprocess.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent {

class Pulls {
public:
  struct Options {
    std::string program;  ///< nemo-pull
    std::string store;    ///< directory of the artifacts
    std::string settings; ///< credentials of registries; need not be there
  };
  /// \param changed  something was said or has ended: ask again.
  Pulls(Loop &loop, Options options, std::function<void()> changed)
      : loop_(loop), options_(std::move(options)), changed_(std::move(changed)) {}
  ~Pulls();

  struct State {
    bool failed = false;
    std::string text; ///< how far it is, or why it failed
  };
  /// Begins to fetch an image that is not in the store, or says how that goes. What has failed is
  /// begun again when it is asked for again a second later.
  State want(const std::string &reference);
  /// Ends the fetch of an image whose digest is not among these; what came of it is kept.
  void only(const std::set<std::string> &digests);

private:
  struct Failure {
    std::string reference, why;
    Ticks at = 0;
  };
  llvm::Error begin(const std::string &reference);
  void read();
  void line(llvm::StringRef text);
  void end();

  Loop &loop_;
  Options options_;
  std::function<void()> changed_;
  std::optional<Subprocess> process_;
  std::string reference_; ///< of the one that runs
  std::string progress_, why_, pending_;
  std::optional<Failure> failure_;
};

} // namespace nemo::agent
