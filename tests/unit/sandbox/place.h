// A directory and a host to start sandboxes on: probed once per program, cleaned after each test.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime-agent/sandbox/sandbox.h"

namespace nemo::sandbox {

/// Who the tests run as.
uid_t test_user();

/// Root's part of a fixture: runs before root becomes an ordinary user.
using Preparation = std::function<void()>;

class Place {
public:
  explicit Place(const Preparation &as_root = [] {});
  ~Place();
  Place(const Place &) = delete;

  const Host &host() const { return host_; }
  const std::string &directory() const { return directory_; }
  /// A minimal Spec with its own id and directory, and sandbox-trial at /trial.
  Spec spec(std::vector<std::string> argv);
  Spec shell(const std::string &script) { return spec({"sh", "-c", script}); }
  Spec trial(std::vector<std::string> words);

  /// Fails the test when it does not start.
  Started start(const Spec &spec);
  /// Starts, waits, cleans. \returns how it ended.
  Ended run(const Spec &spec);
  /// Waits for the end. \returns the record; fails the test without one.
  Ended wait(const Started &started, const Spec &spec);
  static bool send(const Started &started, int signal_number);
  /// The message of a start that must fail.
  std::string failure_of(const Spec &spec);

  /// The workload's lines, without their headers.
  static std::string output(const Spec &spec);
  /// Waits until the log holds `text`.
  static bool said(const Spec &spec, const std::string &text);
  static std::string read(const std::string &path);
  static void write(const std::string &path, const std::string &text);

  /// Says on the test's output that something cannot be tested here.
  bool lacks(const std::string &ability) const;
  bool not_root(const std::string &what) const;

private:
  Host host_;
  std::string directory_;
  int count_ = 0;
  std::vector<Started> running_;
  std::vector<std::string> ids_;
};

} // namespace nemo::sandbox
