#include "backends/fleet/broker/permissions.h"

#include "protocol/link/subjects.h"

namespace nemo::broker {

namespace {

using trust::Role;

/// What readers read: everything that nodes say, and what is wanted of them (which is sealed).
const std::vector<std::string> everything_said = {
    "$KV.desired.*", "$KV.reported.*", "$KV.running.*", "$KV.trust.>",
    "$KV.control.>", "hb.*",           "ev.*",          "us.*",
};

/// A get by sequence or by subject, which makes nothing on the server. Consumers are not for
/// readers: one can be told to deliver to any subject.
const std::vector<std::string> look_ups = {
    "$JS.API.DIRECT.GET.>",
    "$JS.API.STREAM.INFO.*",
    "$JS.API.STREAM.NAMES",
};

} // namespace

Permissions permissions_of(const trust::SpiffeId &id) {
  const std::string inbox = link::inbox(id) + ".>";
  const std::string &name = id.name;
  Permissions may;
  switch (id.role) {
  case Role::node:
    may.publish = {"$KV.reported." + name,
                   "$KV.running." + name,
                   "hb." + name,
                   "ev." + name,
                   "us." + name,
                   "$JS.API.DIRECT.GET.KV_desired.$KV.desired." + name,
                   "$JS.API.DIRECT.GET.KV_running.>",
                   "$JS.API.DIRECT.GET.KV_trust.>"};
    // What starts here may wait for what others run; what they are told is not for it to read.
    may.subscribe = {"$KV.desired." + name, "$KV.running.*", "$KV.trust.>", "ask." + name};
    may.may_answer = true;
    break;
  case Role::viewer: // what a viewer may ask, nodes decide: it is signed
    may.publish = look_ups;
    may.publish.push_back("ask.*");
    may.subscribe = everything_said;
    break;
  case Role::controller:
    may.publish = look_ups;
    may.publish.insert(may.publish.end(), {"$KV.desired.*", "$KV.control.>", "ask.*"});
    may.subscribe = everything_said;
    break;
  case Role::operator_:
    may.publish = {"$KV.desired.*", "$KV.control.>", "$KV.trust.>",
                   "ask.*",         "$JS.API.>",     "$JS.ACK.>"};
    may.subscribe = everything_said;
    break;
  case Role::authority: // does not come here: what it signs an operator publishes
    return may;
  case Role::broker: // of the system's account, where nobody else is
    may.publish = {"$SYS.REQ.SERVER.>"};
    break;
  }
  may.subscribe.push_back(inbox);
  return may;
}

} // namespace nemo::broker
