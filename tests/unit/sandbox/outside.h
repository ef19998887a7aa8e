// What an escape would reach: files, a socket, a process, shared memory and a port outside every
// sandbox, made once for all attempts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <sys/types.h>

#include "place.h"

namespace nemo::sandbox {

class Outside {
public:
  Outside();
  ~Outside();
  Outside(const Outside &) = delete;

  Place &place() { return *place_; }

  std::string program; ///< sandbox-escape, where every sandbox's user can read it
  std::string
      setuid_program; ///< owned by root, with the set-user-id bit; empty: nobody could make it
  std::string capable_program; ///< with cap_net_admin by root; empty: nobody could make it
  std::string shelf;           ///< a directory that everybody may write
  std::string file;            ///< in it, for everybody to read and write
  std::string state;           ///< as an agent's: a directory with a file and a socket
  std::string device;          ///< a device for everybody to read; empty: nobody could make it
  std::string abstract_name;   ///< of a listening socket
  uint16_t port = 0;           ///< listening on loopback
  uint16_t free_port = 0;      ///< nobody's
  int shared_memory_key = 0;
  std::string host_name;

private:
  void make_privileged();
  void make_sockets();
  std::string directory_;
  std::unique_ptr<Place> place_;
  int path_socket_ = -1, abstract_socket_ = -1, port_socket_ = -1, shared_memory_ = -1;
};

} // namespace nemo::sandbox
