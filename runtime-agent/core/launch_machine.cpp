// Machines: from the words of a workload to a kernel and its command line.
#include "runtime-agent/core/launch.h"

#include "llvm/ADT/STLExtras.h"

#include "base/error.h"
#include "runtime-agent/core/check.h"
#include "runtime-agent/sandbox/root.h"

namespace nemo::agent {

namespace {

constexpr uint64_t kMillicores = 1000;

bool lies_in(llvm::StringRef path, llvm::StringRef tree) {
  return path == tree || (path.startswith(tree) && path.drop_front(tree.size()).startswith("/"));
}

/// A variable as a word, as Linux takes it and hands it on to the first program.
llvm::Expected<std::string> word_of(llvm::StringRef variable) {
  if (variable.contains('"') || variable.contains('\n'))
    return failure(
        "the environment variable {} cannot stand on a kernel's command line: it holds a "
        "quotation mark or a line's end",
        variable.split('=').first.str());
  if (!variable.contains(' '))
    return variable.str();
  const auto [name, value] = variable.split('=');
  return fmt::format("{}=\"{}\"", name.str(), value.str());
}

/// What belongs to a process alone is nobody's in a machine.
bool of_processes(llvm::StringRef variable) {
  const llvm::StringRef name = variable.split('=').first;
  return name == "PATH" || name == "HOME" || name == "LANG";
}

llvm::Error check(const proto::Spec &spec, const sandbox::Machine &machine) {
  if (!machine.spec.own_network)
    return failure("a {} has a network of its own, which this node cannot give it", spec.sandbox());
  if (!machine.spec.secrets.empty() || !spec.working_directory().empty())
    return failure("a {} has neither secrets nor a working directory", spec.sandbox());
  for (const sandbox::Bind &bind : machine.spec.binds)
    if (!lies_in(machine.kernel, bind.target) && !lies_in(machine.initrd, bind.target))
      return failure("the mount on {} holds neither the kernel nor the initrd, and nothing else "
                     "reaches a {}",
                     bind.target, spec.sandbox());
  const uint64_t least = sandbox::kLeastMemory + sandbox::kMonitorBytes;
  if (spec.resources().memory_bytes() < least)
    return failure("a {} needs at least {} MiB of memory, of which its monitor takes {}",
                   spec.sandbox(), least >> 20, sandbox::kMonitorBytes >> 20);
  return llvm::Error::success();
}

llvm::Expected<sandbox::Machine> as_machine(const proto::Spec &spec, sandbox::Spec common,
                                            const Layout &layout) {
  sandbox::Machine machine;
  machine.kind = spec.sandbox() == "microvm" ? sandbox::Machine::Kind::microvm
                                             : sandbox::Machine::Kind::unikernel;
  machine.kernel = common.argv.front();
  std::vector<std::string> words;
  for (const std::string &variable : common.environment)
    if (!of_processes(variable)) {
      auto word = word_of(variable);
      if (!word)
        return word.takeError();
      words.push_back(std::move(*word));
    }
  for (llvm::StringRef word : llvm::drop_begin(common.argv))
    if (machine.kind == sandbox::Machine::Kind::microvm && word.consume_front("initrd="))
      machine.initrd = word.str();
    else
      words.push_back(word.str());
  machine.command_line = llvm::join(words, " ");
  machine.control_path = layout.control(common.id);
  machine.spec = std::move(common);
  machine.spec.argv.clear();
  machine.spec.environment.clear();
  // The monitor itself talks to nobody.
  machine.spec.bind_tcp.clear();
  machine.spec.connect_tcp.emplace();
  if (auto error = check(spec, machine))
    return error;
  machine.memory_bytes = spec.resources().memory_bytes() - sandbox::kMonitorBytes;
  if (machine.kind == sandbox::Machine::Kind::microvm)
    machine.processors = static_cast<uint32_t>(
        std::max<uint64_t>(1, (spec.resources().cpu_millicores() + kMillicores - 1) / kMillicores));
  return machine;
}

/// The kernel is a file of the image; it is put where all of the image is seen.
llvm::Error take_kernel(const proto::Spec &spec, const Artifacts &artifacts,
                        sandbox::Spec &common) {
  auto image = open_image(spec, artifacts);
  if (!image)
    return image.takeError();
  common.argv = image->config.command;
  if (!is_normal_path(common.argv.front()))
    return failure("'{}', which the image {} is started with, is not the path of a kernel in it",
                   common.argv.front(), spec.image());
  for (std::string &word : common.argv)
    if (&word == &common.argv.front())
      word.insert(0, sandbox::kImage);
    else if (llvm::StringRef(word).startswith("initrd="))
      word.insert(llvm::StringRef("initrd=").size(), sandbox::kImage);
  common.binds.push_back({.source = image->root, .target = sandbox::kImage});
  return llvm::Error::success();
}

} // namespace

bool is_machine(const proto::Spec &spec) {
  return spec.sandbox() == "microvm" || spec.sandbox() == "unikernel";
}

llvm::Expected<sandbox::Sandbox> launch_sandbox(const Record &record, const Identity &identity,
                                                const Layout &layout, const Artifacts &artifacts,
                                                const sandbox::Host &host,
                                                const PeerAddress &peer_address,
                                                std::vector<std::string> environment) {
  auto common =
      launch_spec(record, identity, layout, artifacts, host, peer_address, std::move(environment));
  if (!common)
    return common.takeError();
  const proto::Spec &spec = record.instance.spec();
  if (!is_machine(spec) && !is_container(spec))
    return std::move(*common);
  const std::string ability = "sandbox." + spec.sandbox();
  if (!host.can(ability))
    return failure("this node has no {} sandbox: {}", spec.sandbox(), host.reason(ability));
  if (is_container(spec)) {
    auto container = as_container(spec, std::move(*common), artifacts);
    if (!container)
      return container.takeError();
    return std::move(*container);
  }
  if (!spec.image().empty())
    if (auto error = take_kernel(spec, artifacts, *common))
      return error;
  auto machine = as_machine(spec, std::move(*common), layout);
  if (!machine)
    return machine.takeError();
  return std::move(*machine);
}

} // namespace nemo::agent
