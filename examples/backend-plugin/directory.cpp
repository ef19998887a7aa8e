// nemo-backend-directory: an out-of-tree backend in one file. Keeps what is delivered as files in
// $NEMO_DIRECTORY (STACK.part for desired state, DIGEST.artifact for files that come with an
// intent), for some other program to act on. Speaks protocol/backend.proto on stdin and stdout.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <unistd.h>

#include "base/error.h"
#include "protocol/backend.pb.h"
#include "protocol/framing/framing.h"

namespace {

namespace fs = std::filesystem;
namespace proto = nemo::proto;

constexpr const char *node_name = "directory";

/// Names come from the other side and become paths: letters, digits and '-' only.
bool is_plain(const std::string &name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

template <typename Message> bool read(const fs::path &path, Message &message) {
  std::ifstream file(path, std::ios::binary);
  return file && message.ParseFromIstream(&file);
}

/// Beside it and renamed: whoever reads sees the old state or the new one.
template <typename Message> bool write(const fs::path &path, const Message &message) {
  const fs::path beside = path.string() + ".new";
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  const bool written = message.SerializeToOstream(&file) && file.flush();
  file.close();
  std::error_code error;
  if (written && file)
    fs::rename(beside, path, error);
  return written && file && !error;
}

proto::BackendResponse refuse(proto::BackendError::Code code, const std::string &message) {
  proto::BackendResponse response;
  response.mutable_error()->set_code(code);
  response.mutable_error()->set_message(message);
  return response;
}

proto::BackendResponse capabilities() {
  proto::BackendResponse response;
  proto::BackendCapabilities &all = *response.mutable_capabilities();
  all.set_name(node_name);
  all.set_version("1");
  auto say = [&](const char *name, bool available, const char *reason) {
    proto::Capability &capability = *all.add_capabilities();
    capability.set_name(name);
    capability.set_available(available);
    capability.set_reason(reason);
  };
  say("deliver", true, "");
  say("gates", true, "");
  say("watch", false, "the directory backend hands over and runs nothing");
  say("logs", false, "the directory backend hands over and runs nothing");
  return response;
}

proto::BackendResponse observe(const fs::path &directory) {
  proto::BackendResponse response;
  proto::Fleet &fleet = *response.mutable_fleet();
  fleet.set_version(1);
  fleet.set_backend(node_name);
  fleet.add_sites()->set_name(node_name);
  proto::Node &node = *fleet.add_nodes();
  node.set_name(node_name);
  node.set_site(node_name);
  node.set_cpu_millicores(1000 * static_cast<uint64_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  node.set_memory_bytes(static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                        static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
  for (const char *sandbox : {"process", "container"})
    node.add_sandboxes(sandbox);
  for (const char *name : {"sandbox.process", "sandbox.container", "limit.cpu", "limit.memory",
                           "limit.pids", "network.own"}) {
    proto::Capability &capability = *node.add_capabilities();
    capability.set_name(name);
    capability.set_available(true); // whoever picks the files up enforces it
  }
  std::set<fs::path> files;
  for (const auto &entry : fs::directory_iterator(directory))
    if (entry.path().extension() == ".part")
      files.insert(entry.path());
  for (const fs::path &file : files) {
    proto::PartState &state = *fleet.add_parts();
    if (!read(file, state))
      return refuse(proto::BackendError::INTERNAL, file.string() + " cannot be read");
    for (const proto::Instance &instance : state.part().instances()) {
      if (instance.retiring())
        continue;
      proto::Running &running = *fleet.add_running();
      running.set_stack(state.part().stack());
      running.set_workload(instance.workload());
      running.set_replica(instance.replica());
      running.set_node(node_name);
      running.set_revision(instance.revision());
      running.set_source(state.part().source());
      running.set_state(proto::Running::UNKNOWN);
      running.set_reason("handed over; nothing is reported back");
    }
  }
  return response;
}

proto::BackendResponse deliver(const fs::path &directory, const proto::DeliverCall &call) {
  if (!is_plain(call.part().stack()) || call.part().node() != node_name)
    return refuse(proto::BackendError::INVALID, "no such stack or node");
  const fs::path file = directory / (call.part().stack() + ".part");
  proto::PartState state;
  if (fs::exists(file) && !read(file, state))
    return refuse(proto::BackendError::INTERNAL, file.string() + " cannot be read");
  if (state.generation() != call.expected_generation()) {
    proto::BackendResponse response = refuse(proto::BackendError::CONFLICT,
                                             "generation is " + std::to_string(state.generation()));
    response.mutable_error()->set_holder(state.holder());
    response.mutable_error()->set_generation(state.generation());
    return response;
  }
  if (!state.part().source().empty() && state.part().source() != call.part().source() &&
      !call.take_over()) {
    proto::BackendResponse response =
        refuse(proto::BackendError::OWNED, "the stack was applied from elsewhere");
    response.mutable_error()->set_holder(state.part().source());
    return response;
  }
  *state.mutable_part() = call.part();
  state.set_generation(state.generation() + 1);
  state.set_holder(call.holder());
  if (!write(file, state))
    return refuse(proto::BackendError::INTERNAL, "cannot write " + file.string());
  proto::BackendResponse response;
  response.mutable_delivered()->set_generation(state.generation());
  return response;
}

proto::BackendResponse answer(const fs::path &directory, const proto::BackendRequest &request) {
  proto::BackendResponse response;
  switch (request.call_case()) {
  case proto::BackendRequest::kCapabilities:
    return capabilities();
  case proto::BackendRequest::kObserve:
    return observe(directory);
  case proto::BackendRequest::kDeliver:
    return deliver(directory, request.deliver());
  case proto::BackendRequest::kHave:
    response.mutable_have();
    for (const std::string &digest : request.have().digests())
      if (!is_plain(digest) || !fs::exists(directory / (digest + ".artifact")))
        response.mutable_have()->add_missing(digest);
    return response;
  case proto::BackendRequest::kPut:
    if (!is_plain(request.put().artifact().digest()) ||
        !write(directory / (request.put().artifact().digest() + ".artifact"),
               request.put().artifact()))
      return refuse(proto::BackendError::INTERNAL, "cannot keep the files");
    response.mutable_done();
    return response;
  default:
    return refuse(proto::BackendError::INVALID, "the directory backend does not do that");
  }
}

} // namespace

int main() {
  const char *named = std::getenv("NEMO_DIRECTORY");
  if (named == nullptr || *named == 0) {
    llvm::errs() << "nemo-backend-directory: set NEMO_DIRECTORY to where it shall keep its files\n";
    return 1;
  }
  std::error_code error;
  fs::create_directories(named, error);
  std::string pending;
  for (;;) {
    proto::BackendRequest request;
    auto more = nemo::framing::read_frame(STDIN_FILENO, pending, request);
    if (more && !*more)
      return 0; // nemo hung up: nothing is left to do
    llvm::Error failed =
        more ? nemo::framing::write_frame(STDOUT_FILENO, answer(named, request)) : more.takeError();
    if (failed) {
      llvm::errs() << "nemo-backend-directory: " << llvm::toString(std::move(failed)) << '\n';
      return 1;
    }
  }
}
