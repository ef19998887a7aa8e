// fuzz-seeds DIRECTORY: writes the first inputs of fuzz-socket, one for each thing a client can ask
// for, in the form that socket.cpp reads. Run it again when the protocol grows.
#include <fstream>
#include <string>

#include "protocol/backend.pb.h"

using namespace nemo;

namespace {

proto::BackendRequest request() {
  proto::BackendRequest one;
  one.set_version(1);
  return one;
}

std::string piece(const std::string &bytes, char flags = 0) {
  return std::string{flags, static_cast<char>(bytes.size()), static_cast<char>(bytes.size() >> 8)} +
         bytes;
}

std::string piece(const proto::BackendRequest &request, char flags = 0) {
  return piece(request.SerializeAsString(), flags);
}

/// A part with everything that an instance can have.
proto::BackendRequest delivery(uint64_t expected) {
  proto::BackendRequest one = request();
  proto::DeliverCall &call = *one.mutable_deliver();
  call.set_holder("fuzz");
  call.set_expected_generation(expected);
  proto::Part &part = *call.mutable_part();
  part.set_stack("s");
  part.set_node("local");
  part.set_source("seed");
  proto::Instance &instance = *part.add_instances();
  instance.set_workload("web");
  instance.set_revision("aa11");
  proto::Spec &spec = *instance.mutable_spec();
  spec.set_sandbox("process");
  spec.add_exec("/bin/true");
  spec.mutable_resources()->set_memory_bytes(1 << 20);
  proto::EnvVar &variable = *spec.add_env();
  variable.set_name("A");
  variable.set_value("b");
  proto::Mount &mount = *spec.add_mounts();
  mount.set_volume("data");
  mount.set_target("/data");
  return one;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2)
    return 1;
  auto write = [&](const std::string &name, const std::string &bytes) {
    std::ofstream(std::string(argv[1]) + "/" + name, std::ios::binary) << bytes;
  };
  proto::BackendRequest one = request();
  one.mutable_capabilities();
  write("capabilities", piece(one));
  one.mutable_observe();
  write("observe", piece(one));
  one.mutable_watch()->set_stack("s");
  write("watch", piece(one));
  one.mutable_shutdown();
  write("shutdown", piece(one));
  one.mutable_logs()->set_stack("s");
  one.mutable_logs()->set_follow(true);
  write("logs", piece(one));
  one.mutable_have()->add_digests(std::string(64, 'a'));
  write("have", piece(one));
  proto::Artifact &artifact = *one.mutable_put()->mutable_artifact();
  artifact.set_digest(std::string(64, 'a'));
  proto::Artifact::File &file = *artifact.add_files();
  file.set_path("a/b");
  file.set_content("text");
  write("put", piece(one));
  proto::BackendRequest empty = delivery(1);
  empty.mutable_deliver()->mutable_part()->clear_instances();
  write("deliver", piece(delivery(0)));
  write("deliver-twice", piece(delivery(0)) + piece(delivery(1), 2) + piece(delivery(1)));
  write("deliver-nothing", piece(delivery(0)) + piece(empty));
  write("raw", piece(std::string("\x80\x80\x80\x80\x10", 5), 1) + piece("half", 3));
  return 0;
}
