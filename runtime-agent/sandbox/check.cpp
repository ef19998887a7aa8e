// Strings that would become paths, arguments or file contents are refused here when they could mean
// something else than what they say.
#include "runtime-agent/sandbox/check.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include "base/error.h"

namespace nemo::sandbox {

namespace {

bool has_nul(const std::string &text) { return text.find('\0') != std::string::npos; }

bool normal_absolute(llvm::StringRef path) {
  if (!path.starts_with("/") || path.size() > 4000 || path.contains('\0'))
    return false;
  llvm::SmallVector<llvm::StringRef, 8> parts;
  path.split(parts, '/');
  return llvm::none_of(parts, [](llvm::StringRef part) { return part == "." || part == ".."; });
}

bool within(llvm::StringRef path, llvm::StringRef tree) {
  return path == tree || (path.starts_with(tree) && path.drop_front(tree.size()).starts_with("/"));
}

/// Places that the sandbox itself makes; a mount there would undo what it promises.
bool reserved(llvm::StringRef target) {
  target = target.rtrim('/');
  if (target.empty())
    return true;
  for (const char *whole : {"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/tmp", "/run"})
    if (target == whole)
      return true;
  return within(target, "/proc") || within(target, "/dev") || within(target, "/sys") ||
         within(target, "/run/secrets");
}

bool valid_secret_name(llvm::StringRef name) {
  return !name.empty() && name.size() <= 200 && name != "." && name != ".." &&
         llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

llvm::Error check_limits(const Spec &spec, const Host &host) {
  const std::pair<bool, const char *> wanted[] = {
      {spec.memory_bytes != 0, "limit.memory"},
      {spec.cpu_millicores != 0, "limit.cpu"},
      {spec.pids != 0, "limit.pids"},
      // An ordinary user's own network is a loopback interface, and plans say so.
      {spec.own_network && host.root, "network.own"}};
  for (const auto &[asked, ability] : wanted)
    if (asked && !host.can(ability))
      return failure("this host cannot give {}: {}", ability, host.reason(ability));
  return llvm::Error::success();
}

llvm::Error check_binds(const Spec &spec) {
  for (const Bind &bind : spec.binds) {
    if (!normal_absolute(bind.source))
      return failure("mount source '{}' is not an absolute, normal path", bind.source);
    if (!normal_absolute(bind.target))
      return failure("mount target '{}' is not an absolute, normal path", bind.target);
    if (reserved(bind.target))
      return failure("mount target '{}' is the sandbox's own", bind.target);
  }
  return llvm::Error::success();
}

} // namespace

bool valid_id(const std::string &id) {
  return !id.empty() && id.size() <= 200 && id[0] != '.' && llvm::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

llvm::Error check(const Spec &spec, const Host &host) {
  if (!valid_id(spec.id))
    return failure("'{}' cannot name a sandbox", spec.id);
  if (spec.argv.empty() || spec.argv[0].empty())
    return failure("no program was given");
  for (const std::string &argument : spec.argv)
    if (has_nul(argument))
      return failure("an argument holds a zero byte");
  for (const std::string &entry : spec.environment)
    if (has_nul(entry) || entry.find('=') == std::string::npos || entry[0] == '=')
      return failure("'{}' is not a NAME=value of an environment", entry);
  for (const std::string *path : {&spec.working_directory, &spec.log_path, &spec.exit_path})
    if (!normal_absolute(*path))
      return failure("'{}' is not an absolute, normal path", *path);
  if (spec.log_path.back() == '/' || spec.exit_path.back() == '/')
    return failure("the log and the exit record are files");
  for (const Secret &secret : spec.secrets)
    if (!valid_secret_name(secret.name) || !normal_absolute(secret.file))
      return failure("secret '{}' has a name or a file that cannot be used", secret.name);
  if (spec.user_slot >= kUserSlots)
    return failure("user slot {} is out of range", spec.user_slot);
  if (auto error = check_binds(spec))
    return error;
  return check_limits(spec, host);
}

} // namespace nemo::sandbox
