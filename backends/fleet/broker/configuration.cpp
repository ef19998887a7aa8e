#include "backends/fleet/broker/configuration.h"

#include "llvm/ADT/StringExtras.h"

#include <fmt/format.h>

#include "backends/fleet/broker/permissions.h"
#include "base/error.h"

namespace nemo::broker {

namespace {

using trust::Role;

std::string quoted(llvm::StringRef text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

std::string list_of(const std::vector<std::string> &texts) {
  std::string out;
  for (const std::string &text : texts)
    out += (out.empty() ? "" : ", ") + quoted(text);
  return "[" + out + "]";
}

std::string tls(const Settings &settings) {
  const std::string &at = settings.directory;
  std::string pins;
  for (const Peer &peer : settings.members)
    for (const std::string &key : peer.key_ids)
      pins += fmt::format("    {}\n", quoted(llvm::toHex(key, /*LowerCase=*/true)));
  return fmt::format("tls {{\n"
                     "  cert_file: {}\n"
                     "  key_file: {}\n"
                     "  ca_file: {}\n"
                     "  verify_and_map: true\n"
                     "  timeout: 5\n"
                     "  pinned_certs: [\n{}  ]\n"
                     "}}\n",
                     quoted(at + "/chain.pem"), quoted(at + "/signing.key"),
                     quoted(at + "/roots.pem"), pins);
}

std::string user(const Peer &peer) {
  const Permissions may = permissions_of(peer.id);
  // An answer may take as long as somebody follows a log.
  return fmt::format("      {{ user: {}, permissions: {{\n"
                     "        publish: {{ allow: {} }}\n"
                     "        subscribe: {{ allow: {} }}\n"
                     "{}      }} }}\n",
                     quoted(peer.id.text()), list_of(may.publish), list_of(may.subscribe),
                     may.may_answer ? "        allow_responses: { max: -1, expires: \"24h\" }\n"
                                    : "");
}

std::string users(const Settings &settings, bool brokers) {
  std::string out;
  for (const Peer &peer : settings.members)
    if (!peer.key_ids.empty() && (peer.id.role == Role::broker) == brokers)
      out += user(peer);
  return "    users: [\n" + out + "    ]\n";
}

} // namespace

std::string configuration(const Settings &settings) {
  const std::string &at = settings.directory;
  std::string text =
      fmt::format("# The broker of the fleet {0}, written by nemo: members come and go here, so "
                  "what is changed\n"
                  "# by hand is lost.\n"
                  "server_name: {1}\n"
                  "listen: {2}\n"
                  "pid_file: {3}\n"
                  "log_file: {5}\n"
                  "logfile_size_limit: 16777216\n"
                  "max_payload: {4}\n"
                  "max_control_line: 4096\n"
                  "max_subscriptions: 1024\n"
                  "write_deadline: \"5s\"\n"
                  "ping_interval: \"10s\"\n"
                  "ping_max: 2\n",
                  settings.fleet, quoted(settings.name), quoted(settings.listen.text()),
                  quoted(at + "/nats.pid"), max_payload, quoted(at + "/nats.log"));
  text += tls(settings);
  text +=
      fmt::format("jetstream {{\n"
                  "  store_dir: {}\n"
                  "{}}}\n",
                  quoted(at + "/store"), settings.sync_always ? "  sync_interval: always\n" : "");
  text += "accounts {\n"
          "  FLEET {\n"
          "    jetstream: enabled\n" +
          users(settings, /*brokers=*/false) +
          "  }\n"
          "  SYSTEM {\n" +
          users(settings, /*brokers=*/true) +
          "  }\n"
          "}\n"
          "system_account: SYSTEM\n";
  return text;
}

std::string unit(const std::string &fleet, const std::string &program,
                 const std::string &state_home, const std::string &user) {
  return fmt::format("[Unit]\n"
                     "Description=Broker and authority of the fleet {0}\n"
                     "After=network-online.target\n"
                     "Wants=network-online.target\n"
                     "\n"
                     "[Service]\n"
                     "User={3}\n"
                     "Environment=\"XDG_STATE_HOME={2}\"\n"
                     "ExecStart=\"{1}\" fleet serve\n"
                     "Restart=always\n"
                     "RestartSec=1\n"
                     "LimitNOFILE=65536\n"
                     "NoNewPrivileges=yes\n"
                     "ProtectSystem=strict\n"
                     "ReadWritePaths=\"{2}\"\n"
                     "PrivateTmp=yes\n"
                     "PrivateDevices=yes\n"
                     "\n"
                     "[Install]\n"
                     "WantedBy=multi-user.target\n",
                     fleet, program, state_home, user);
}

} // namespace nemo::broker
