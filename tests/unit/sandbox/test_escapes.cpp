// For every way out: refused by a complete sandbox; refused by each layer alone, all others that
// refuse it being left out; and open when none of them is there. So each row fails as soon as one
// of its layers does nothing.
#include <csignal>
#include <iostream>
#include <optional>

#include <catch2/catch.hpp>

#include "attempts.h"

using namespace nemo::sandbox;

namespace {

constexpr int kNotFound = 127, kNoSuchAttempt = 200;

class Trial {
public:
  Trial(Outside &outside, const Attempt &attempt) : place_(outside.place()), attempt_(attempt) {
    program_ = attempt.program.empty() ? outside.program : attempt.program;
  }

  bool escapes(Restrictions restrictions) {
    Spec spec = place_.spec({});
    spec.binds = {{program_, program_}};
    spec.argv = attempt_.words;
    spec.argv.insert(spec.argv.begin(), program_);
    if (!attempt_.program.empty()) // a shell that cannot execute it says 126
      spec.argv.insert(spec.argv.begin(), {"sh", "-c", "exec \"$0\" \"$@\""});
    if (attempt_.change)
      attempt_.change(spec);
    spec.restrictions = restrictions;
    // As root each sandbox has a user of its own; here it has the neighbour's, for that is not the
    // layer that this is about.
    std::optional<Started> neighbour;
    for (std::string &word : spec.argv)
      if (word == "NEIGHBOUR") {
        Spec other = place_.spec({"sleep", "100"});
        spec.user_slot = other.user_slot;
        neighbour = place_.start(other);
        word = std::to_string(neighbour->pid);
      }
    const Started started = place_.start(spec);
    const Ended how = place_.wait(started, spec);
    INFO("exit code " << how.exit_code << ", output: " << Place::output(spec));
    CHECK(how.exit_code != kNotFound);
    CHECK((how.exit_code < kNoSuchAttempt || how.exit_code > kNoSuchAttempt + 1));
    const bool escaped = attempt_.escaped ? attempt_.escaped(spec) : how.exit_code == 0;
    told_ = refused(spec.exit_path);
    clean(spec.id, place_.host());
    if (neighbour)
      Place::send(*neighbour, SIGKILL);
    return escaped;
  }

  /// Whether the last sandbox said so.
  bool told(const std::string &report) const {
    for (const Refused &one : told_)
      if (one.subject + " " + one.what == report && one.count > 0)
        return true;
    return false;
  }

  /// All layers of the attempt but `keep` left out.
  Restrictions with_only(const Layer *keep) const {
    std::vector<Restriction> out = attempt_.also;
    for (const Layer &layer : attempt_.layers)
      if (&layer != keep)
        out.insert(out.end(), layer.restrictions.begin(), layer.restrictions.end());
    return Restrictions::without(out);
  }

private:
  Place &place_;
  const Attempt &attempt_;
  std::string program_;
  std::vector<Refused> told_;
};

/// Why it cannot be tried here; empty when it can.
std::string obstacle(const Host &host, const Attempt &attempt) {
  if (!attempt.lacks.empty())
    return attempt.lacks;
  if (!attempt.only_root.empty() && !host.root)
    return attempt.only_root;
  if (attempt.needs == "landlock.scope")
    return host.landlock_abi >= 6 ? "" : "Landlock has scopes since ABI 6 (Linux 6.12)";
  return attempt.needs.empty() || host.can(attempt.needs) ? "" : host.reason(attempt.needs);
}

/// Layers that this host has not got refuse nothing.
bool present(const Host &host, const Layer &layer) {
  for (const Restriction one : layer.restrictions)
    if ((one == Restriction::seccomp && !host.can("seccomp")) ||
        ((one == Restriction::landlock_files || one == Restriction::landlock_scope) &&
         !host.can("landlock.files")))
      return false;
  return true;
}

} // namespace

TEST_CASE("every restriction refuses, alone, what succeeds without it") {
  Outside outside;
  if (outside.place().lacks("sandbox.process"))
    return;
  const Host &host = outside.place().host();
  for (const Attempt &attempt : attempts(outside)) {
    INFO("attempt: " << attempt.name);
    if (const std::string why = obstacle(host, attempt); !why.empty()) {
      std::cout << "skipped: " << attempt.name << ": " << why << std::endl;
      continue;
    }
    Trial trial(outside, attempt);
    CHECK_FALSE(trial.escapes({}));
    if (const bool seen = attempt.report.rfind("limit.", 0) == 0 || host.can("refusals"); seen) {
      INFO("to be told: " << attempt.report);
      CHECK((attempt.report.empty() || trial.told(attempt.report)));
    }
    for (const Layer &layer : attempt.layers) {
      INFO("layer: " << layer.name);
      if (present(host, layer))
        CHECK_FALSE(trial.escapes(trial.with_only(&layer)));
    }
    INFO("nothing stands in the way");
    CHECK(trial.escapes(trial.with_only(nullptr)));
  }
}
