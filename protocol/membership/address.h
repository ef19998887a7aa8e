// Where something listens: "host:port" or "[v6]:port", and connections to it that are given up in
// time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::membership {

using Deadline = std::chrono::steady_clock::time_point;

struct Address {
  std::string host;
  uint16_t port = 0;
  std::string text() const;
  bool operator==(const Address &) const = default;
};

/// \param otherwise  the port where none is said; 0: one has to be.
llvm::Expected<Address> parse_address(llvm::StringRef text, uint16_t otherwise);

/// A descriptor that its owner closes.
class Socket {
public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket &&other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket &operator=(Socket &&other) noexcept;
  ~Socket();
  int get() const { return fd_; }

private:
  int fd_ = -1;
};

/// Non-blocking, connected to the first of the host's addresses that answers.
llvm::Expected<Socket> dial(const Address &address, Deadline until);

/// Non-blocking. \param address  its host may be "0.0.0.0" or "::", its port 0 for any that is
/// free.
llvm::Expected<Socket> listen_on(const Address &address);

/// Waits until the descriptor can be read or written (POLLIN, POLLOUT), or \returns an error when
/// it is too late.
llvm::Error await(int fd, short events, Deadline until);

} // namespace nemo::membership
