// Containers: from an image in the store, and what the intent says beside it, to what is run.
#include "runtime-agent/core/launch.h"

#include <cerrno>
#include <fcntl.h>

#include "llvm/ADT/STLExtras.h"

#include "base/error.h"
#include "base/files.h"
#include "runtime-agent/core/check.h"
#include "runtime-agent/image/config.h"
#include "runtime-agent/image/manifest.h"
#include "runtime-agent/image/reference.h"
#include "runtime-agent/sandbox/mounts.h"

namespace nemo::agent {

namespace {

constexpr uint64_t most_of_passwd = 1 << 20;

/// A file of the image; empty where it has none. Its links stay inside.
std::string file_of(const sandbox::Descriptor &root, const char *path) {
  const auto file = sandbox::open_inside(root.get(), path, O_RDONLY | O_NONBLOCK);
  if (!file)
    return {};
  auto text = read_descriptor(file.get(), most_of_passwd);
  if (text)
    return std::move(*text);
  llvm::consumeError(text.takeError());
  return {};
}

llvm::StringRef name_of(llvm::StringRef variable) { return variable.split('=').first; }

/// What is the same for every program here gives way to the image; the rest of ours comes first.
void add_environment(const image::Config &config, const proto::Spec &spec,
                     std::vector<std::string> &environment) {
  const auto has = [](const auto &list, llvm::StringRef name) {
    return llvm::any_of(list, [name](const auto &one) { return name_of(one) == name; });
  };
  const auto said = [&spec](llvm::StringRef name) {
    return llvm::any_of(spec.env(), [name](const auto &one) { return one.name() == name; });
  };
  llvm::erase_if(environment, [&](const std::string &one) {
    const llvm::StringRef name = name_of(one);
    return (name == "PATH" || name == "HOME" || name == "LANG") && !said(name) &&
           has(config.environment, name);
  });
  std::vector<std::string> added;
  for (const std::string &one : config.environment)
    if (!has(environment, name_of(one)) && !has(added, name_of(one)))
      added.push_back(one);
  environment.insert(environment.end(), added.begin(), added.end());
}

} // namespace

bool is_container(const proto::Spec &spec) { return spec.sandbox() == "container"; }

std::string image_digest(const proto::Spec &spec) {
  auto reference = image::parse_reference(spec.image());
  if (reference)
    return reference->digest;
  llvm::consumeError(reference.takeError());
  return {};
}

llvm::Expected<Image> open_image(const proto::Spec &spec, const Artifacts &artifacts) {
  const std::string place = artifacts.path(image_digest(spec));
  auto text = read_file(place + "/config.json", image::kMostConfigBytes);
  if (!text)
    return failure("the image {} is damaged on this node: {}", spec.image(),
                   llvm::toString(text.takeError()));
  auto config = image::parse_config(*text);
  if (!config)
    return config.takeError();
  if (config->command.empty() || config->command.front().empty())
    return failure("the image {} names no program to run", spec.image());
  return Image{std::move(*config), place + "/root"};
}

llvm::Expected<sandbox::Container> as_container(const proto::Spec &spec, sandbox::Spec common,
                                                const Artifacts &artifacts) {
  auto image = open_image(spec, artifacts);
  if (!image)
    return image.takeError();
  const image::Config &config = image->config;
  sandbox::Container out;
  out.root = image->root;
  const sandbox::Descriptor root(
      ::open(out.root.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root)
    return system_failure(errno, "the image {} is damaged on this node: {}", spec.image(),
                          out.root);
  auto user =
      image::find_user(config.user, file_of(root, "/etc/passwd"), file_of(root, "/etc/group"));
  if (!user)
    return user.takeError();
  out.uid = user->uid;
  out.gid = user->gid;
  common.argv = config.command;
  if (spec.working_directory().empty() && !config.working_directory.empty())
    common.working_directory = config.working_directory;
  add_environment(config, spec, common.environment);
  out.spec = std::move(common);
  return out;
}

} // namespace nemo::agent
