#include "compiler/resolve/block_spec.h"

#include "compiler/resolve/hours.h"

namespace nemo::compiler {

proto::Spec spec_of(const proto::Intent &intent, const proto::Workload &workload) {
  proto::Spec spec;
  *spec.mutable_exec() = workload.exec();
  spec.set_image(workload.image());
  spec.set_sandbox(workload.sandbox().empty() ? "process" : workload.sandbox());
  spec.set_network(workload.network().empty() ? "host" : workload.network());
  *spec.mutable_resources() = as_limits(workload.resources());
  spec.mutable_resources()->clear_span();
  *spec.mutable_connect() = workload.connect();
  *spec.mutable_ports() = workload.ports();
  for (proto::Port &port : *spec.mutable_ports())
    port.clear_span();
  *spec.mutable_env() = workload.env();
  *spec.mutable_mounts() = workload.mounts();
  for (proto::Mount &mount : *spec.mutable_mounts()) {
    mount.clear_span();
    mount.clear_source();
    mount.clear_restore_bps();
  }
  if (workload.has_health()) {
    *spec.mutable_health() = workload.health();
    spec.mutable_health()->clear_span();
  }
  if (workload.has_restart())
    *spec.mutable_restart() = workload.restart();
  spec.set_stop_grace_ms(workload.stop_grace_ms());
  spec.set_stop_signal(workload.stop_signal());
  for (const std::string &name : workload.secrets())
    for (const proto::Secret &secret : intent.secrets())
      if (secret.name() == name) {
        proto::Secret *copy = spec.add_secrets();
        *copy = secret;
        copy->clear_span();
      }
  spec.set_working_directory(workload.working_directory());
  spec.set_exclusive(workload.place().exclusive());
  return spec;
}

proto::Spec own(proto::Spec spec) {
  spec.clear_peers();
  spec.clear_accept_missing();
  spec.clear_gpus();
  return spec;
}

} // namespace nemo::compiler
