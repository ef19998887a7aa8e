// A machine's monitor: QEMU's QMP on a Unix socket. What it says is hostile until checked: lines
// are bounded, waits too, and an answer is looked into field by field.
#pragma once

#include <chrono>
#include <string>

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace nemo::migrate {

class Monitor {
public:
  /// Waits at most `patience` for somebody to listen, and as long for each answer.
  static llvm::Expected<Monitor> connect(const std::string &path,
                                         std::chrono::milliseconds patience);
  Monitor(Monitor &&other) noexcept;
  Monitor &operator=(Monitor &&other) = delete;
  ~Monitor();

  /// \returns what stands under "return"; an error holds what QEMU said, or that it said nothing.
  llvm::Expected<llvm::json::Object> execute(llvm::StringRef command,
                                             llvm::json::Object arguments = {});

private:
  explicit Monitor(int fd, std::chrono::milliseconds patience) : fd_(fd), patience_(patience) {}
  llvm::Expected<llvm::json::Object> receive();

  int fd_;
  std::chrono::milliseconds patience_;
  std::string pending_;
};

} // namespace nemo::migrate
