// A member's connection to its fleet's broker that stays good for days: when a newer certificate,
// or newer roots, lie on the disk, it is opened anew beside the old one, which goes when the new
// one stands.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "protocol/link/connection.h"

namespace nemo::lead {

/// Of CLOCK_BOOTTIME, which also counts while a machine sleeps or a process is stopped.
std::chrono::milliseconds boottime();

class Line {
public:
  /// \param directory  of the membership, which somebody else renews. \param handlers  called from
  /// both connections while there are two. \param subjects  what is handed to on_message.
  static llvm::Expected<std::unique_ptr<Line>> open(const std::string &directory,
                                                    link::Connection::Handlers handlers,
                                                    std::vector<std::string> subjects);
  ~Line();
  Line(const Line &) = delete;

  /// From any thread; good for as long as they are held.
  std::shared_ptr<const membership::Member> member() const;
  std::shared_ptr<link::Connection> connection() const;

  /// To be called now and then, by one thread; it does not wait for the network.
  void look();

private:
  struct Opened {
    std::shared_ptr<const membership::Member> member;
    std::shared_ptr<link::Connection> connection;
  };
  using Clock = std::chrono::steady_clock;
  Line(std::string directory, link::Connection::Handlers handlers,
       std::vector<std::string> subjects)
      : directory_(std::move(directory)), handlers_(std::move(handlers)),
        subjects_(std::move(subjects)) {}
  llvm::Expected<Opened> connect(std::shared_ptr<const membership::Member> member) const;
  void take(Opened opened);

  std::string directory_;
  link::Connection::Handlers handlers_;
  std::vector<std::string> subjects_;
  mutable std::mutex mutex_;
  Opened now_;
  std::future<Opened> next_; ///< without a connection: there is none yet
  Clock::time_point look_next_{};
};

} // namespace nemo::lead
