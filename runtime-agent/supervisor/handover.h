// What start() leaves open for nemo-supervisor, by number, and what run_inside() takes back from a
// running one (pidfd_getfd), so that a command run later is restricted by the very same objects.
#pragma once

namespace nemo::supervisor {

// argv: nemo-supervisor FLAGS LOG-NAME LOG-BYTES EXIT-NAME WORKLOAD...; the environment and the
// working directory are the workload's. FLAGS says which optional descriptors are there.
constexpr int kFirstWord = 5;
constexpr char kFlagFilters = 'f';
constexpr char kFlagRuleset = 'l';
constexpr char kFlagMemory = 'm';
constexpr char kFlagTap = 't';
constexpr char kFlagControl = 'c';
constexpr char kFlagDeadline = 'd';
constexpr char kFlagNone = '-';
// Only tests of the sandbox ask for these: what they name is left out (sandbox/restrictions.h).
constexpr char kFlagNotFirst = 'p'; ///< the pid namespace
constexpr char kFlagMayGain = 'n';  ///< no new privileges
constexpr char kFlagVisible = 'v';  ///< the supervisor is not hidden

enum Descriptor {
  kReport = 3,        ///< write end: kAboutToRun just before execve, then text if that failed
  kLogDirectory = 4,  ///< on the host: not reachable by any path in here
  kExitDirectory = 5, ///< likewise
  kFilters = 6,       ///< see filters.h
  kRuleset = 7,       ///< Landlock
  kMemory = 8,        ///< memory.events (v2) or memory.oom_control (v1): both count "oom_kill N"
  kProcesses = 9,     ///< pids.events, counts "max N"
  kTap = 10,          ///< the workload inherits these two: a machine's network,
  kControl = 11,      ///< and the socket that its monitor listens on
  kDeadline = 12, ///< memory that holds a time, see deadline.h; the agent takes it back to write
  kEnd = 13,
};

constexpr char kAboutToRun = 'X';

} // namespace nemo::supervisor
