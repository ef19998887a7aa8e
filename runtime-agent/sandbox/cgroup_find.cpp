// Where this process may make control groups, found out by making one. Version 1: the top of each
// hierarchy that is mounted. Version 2: a subtree that was delegated to us (systemd's
// Delegate=yes), else, as root, the top.
#include <cerrno>
#include <functional>

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include "base/error.h"
#include "runtime-agent/sandbox/cgroup.h"
#include "runtime-agent/sandbox/files.h"

namespace nemo::sandbox {

namespace {

constexpr char kOwnLeaf[] = "nemo-agent"; // version 2 wants processes in leaves only

struct Hierarchy {
  bool unified = false;
  std::string root;  ///< which part of it is mounted
  std::string place; ///< where
  std::vector<std::string> controllers;
};

std::vector<std::string> words(llvm::StringRef text, char separator) {
  llvm::SmallVector<llvm::StringRef, 16> parts;
  text.trim().split(parts, separator, -1, false);
  return std::vector<std::string>(parts.begin(), parts.end());
}

std::vector<Hierarchy> mounted() {
  std::vector<Hierarchy> all;
  const std::string text = read_file("/proc/self/mountinfo", 16 << 20).value_or("");
  for (const std::string &line : words(text, '\n')) {
    const auto [left, right] = llvm::StringRef(line).split(" - ");
    const auto fields = words(left, ' '), type = words(right, ' ');
    if (fields.size() < 5 || type.size() < 3 || (type[0] != "cgroup" && type[0] != "cgroup2"))
      continue;
    Hierarchy one;
    one.unified = type[0] == "cgroup2";
    one.root = fields[3];
    one.place = fields[4];
    one.controllers = one.unified
                          ? words(read_file(one.place + "/cgroup.controllers").value_or(""), ' ')
                          : words(type[2], ',');
    all.push_back(std::move(one));
  }
  return all;
}

/// This process's own directory in the version 2 hierarchy; empty when it is not visible.
std::string own_directory(const Hierarchy &unified) {
  const std::string text = read_file("/proc/self/cgroup").value_or("");
  for (const std::string &line : words(text, '\n')) {
    llvm::StringRef path(line);
    if (!path.consume_front("0::"))
      continue;
    if (unified.root != "/" && !path.consume_front(unified.root))
      return "";
    path = path.rtrim('/');
    if (path.endswith(std::string("/") + kOwnLeaf))
      path = path.rsplit('/').first;
    return unified.place + path.str();
  }
  return "";
}

bool delegated(const std::string &directory) {
  char value = 0;
  return (::getxattr(directory.c_str(), "trusted.delegate", &value, 1) == 1 && value == '1') ||
         (::getxattr(directory.c_str(), "user.delegate", &value, 1) == 1 && value == '1');
}

bool writable(const std::string &directory) {
  return ::access(directory.c_str(), W_OK) == 0 &&
         ::access((directory + "/cgroup.procs").c_str(), W_OK) == 0;
}

/// Makes a controller usable two levels down. \returns why not; empty when it is.
std::string enable(const std::string &base, const std::string &controller) {
  const std::string control = base + "/cgroup.subtree_control", word = "+" + controller;
  int error = write_file(control, word);
  if (error == EBUSY && ::mkdir((base + "/" + kOwnLeaf).c_str(), 0755) != 0 && errno != EEXIST)
    return "cannot make " + base + "/" + kOwnLeaf;
  if (error == EBUSY) {
    write_file(base + "/" + kOwnLeaf + "/cgroup.procs", std::to_string(::getpid()));
    error = write_file(control, word);
  }
  if (error == EBUSY)
    return base + " also holds processes of others";
  if (error == 0)
    error = write_file(base + "/nemo/cgroup.subtree_control", word);
  return error == 0 ? "" : control + ": " + std::generic_category().message(error);
}

struct Place {
  CgroupMode mode = CgroupMode::none;
  std::string directory;
  std::string reason;
};

Place in_unified(const Hierarchy &hierarchy, const std::string &controller, bool root) {
  const std::string own = own_directory(hierarchy);
  std::string base;
  if (!own.empty() && (root ? delegated(own) : writable(own)))
    base = own;
  else if (root)
    base = hierarchy.place;
  else
    return {CgroupMode::none, "",
            "no control group is delegated to this user (start it under systemd with "
            "Delegate=yes, as `systemd-run --user --scope -p Delegate=yes` does)"};
  const std::string directory = base + "/nemo";
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
    return {CgroupMode::none, "",
            "cannot make " + directory + ": " + std::generic_category().message(errno)};
  if (std::string reason = enable(base, controller); !reason.empty())
    return {CgroupMode::none, "", reason};
  return {CgroupMode::v2, directory, ""};
}

Place in_v1(const Hierarchy &hierarchy, bool root) {
  if (!root)
    return {CgroupMode::none, "",
            "this host has version 1 control groups, which only root may make"};
  const std::string directory = hierarchy.place + "/nemo";
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
    return {CgroupMode::none, "",
            "cannot make " + directory + ": " + std::generic_category().message(errno)};
  return {CgroupMode::v1, directory, ""};
}

Place place_of(const std::vector<Hierarchy> &all, const std::string &controller, bool root) {
  Place last = {CgroupMode::none, "",
                "no control group hierarchy has the controller " + controller};
  for (const bool unified : {true, false})
    for (const Hierarchy &one : all) {
      if (one.unified != unified || !llvm::is_contained(one.controllers, controller))
        continue;
      last = unified ? in_unified(one, controller, root) : in_v1(one, root);
      if (last.mode != CgroupMode::none)
        return last;
    }
  return last;
}

/// Sets a limit on a group made for it. \returns why not; empty when that works.
std::string try_limit(const Host &host, const Limits &limits) {
  const std::string id = "probe-" + std::to_string(::getpid());
  std::string reason;
  if (auto error = make_cgroups(id, limits, host))
    reason = llvm::toString(std::move(error));
  remove_cgroups(id, host);
  return reason;
}

} // namespace

void find_cgroups(Host &host) {
  const auto all = mounted();
  struct Wanted {
    const char *ability, *controller;
    CgroupMode &mode;
    std::string &directory;
    Limits trial;
  };
  Wanted wanted[] = {
      {"limit.memory", "memory", host.cgroup_memory, host.memory_directory, {64 << 20, 0, 0}},
      {"limit.cpu", "cpu", host.cgroup_cpu, host.cpu_directory, {0, 500, 0}},
      {"limit.pids", "pids", host.cgroup_pids, host.pids_directory, {0, 0, 16}}};
  for (Wanted &one : wanted) {
    Place place = place_of(all, one.controller, host.root);
    one.mode = place.mode;
    one.directory = place.directory;
    if (place.mode != CgroupMode::none) {
      // Tried alone: a hierarchy that refuses must not spoil the others.
      Host only;
      (one.controller == std::string("memory") ? only.memory_directory
       : one.controller == std::string("cpu")  ? only.cpu_directory
                                               : only.pids_directory) = place.directory;
      only.cgroup_memory = only.cgroup_cpu = only.cgroup_pids = place.mode;
      place.reason = try_limit(only, one.trial);
      if (!place.reason.empty()) {
        one.mode = CgroupMode::none;
        one.directory.clear();
      }
    }
    host.abilities.push_back({one.ability, place.reason.empty(), place.reason});
  }
  Place counting = {CgroupMode::v2, "", ""};
  if (host.cgroup_cpu != CgroupMode::v2) {
    counting = place_of(all, "cpuacct", host.root);
    Host only;
    only.cpuacct_directory = counting.directory;
    if (counting.reason.empty())
      counting.reason = try_limit(only, {});
    if (counting.reason.empty())
      host.cpuacct_directory = counting.directory;
  }
  std::string reason = counting.reason;
  if (reason.empty() && host.memory_directory.empty())
    reason = host.reason("limit.memory");
  host.abilities.push_back({"usage.cgroup", reason.empty(), reason});
}

} // namespace nemo::sandbox
