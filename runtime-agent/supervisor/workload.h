// The workload's own process, from fork to execve.
#pragma once

namespace nemo::supervisor {

/// In the child: takes the last rights away (Landlock, system calls, core dumps) and executes.
/// Reports on kReport what failed.
/// \param answers  socket to the supervisor, which answers refused system calls; -1: nobody does,
///                 they are refused all the same.
[[noreturn]] void run_workload(char **argv, char **environment, const char *flags, int out, int err,
                               int answers);

bool has_flag(const char *flags, char flag);

} // namespace nemo::supervisor
