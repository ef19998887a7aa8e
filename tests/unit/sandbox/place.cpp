// Support for the sandbox tests.
#include "place.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <grp.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace nemo::sandbox {

namespace {

/// With NEMO_TEST_USER set, root becomes that user for the rest of the program.
void change_user() {
  const uid_t id = test_user();
  if (id == ::geteuid())
    return;
  REQUIRE(::setgroups(0, nullptr) == 0);
  REQUIRE(::setresgid(id, id, id) == 0);
  REQUIRE(::setresuid(id, id, id) == 0);
  ::prctl(PR_SET_DUMPABLE, 1); // as a program that was started by that user is
}

} // namespace

uid_t test_user() {
  const char *user = ::getenv("NEMO_TEST_USER");
  return user == nullptr || ::geteuid() != 0 ? ::geteuid() : static_cast<uid_t>(std::atoi(user));
}

Place::Place(const Preparation &as_root) {
  if (::geteuid() == 0)
    as_root();
  change_user();
  char name[] = "/tmp/nemo-sandbox-test-XXXXXX";
  REQUIRE(::mkdtemp(name) != nullptr);
  directory_ = name;
  host_ = probe(directory_);
}

Place::~Place() {
  for (const Started &one : running_) {
    if (!finished(one.pidfd)) {
      llvm::consumeError(sandbox::signal(one.pidfd, SIGKILL));
      finished(one.pidfd, 5000);
    }
    ::close(one.pidfd);
  }
  for (const std::string &id : ids_)
    clean(id, host_);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Spec Place::spec(std::vector<std::string> argv) {
  Spec spec;
  spec.id = "test-" + std::to_string(::getpid()) + "-" + std::to_string(count_);
  spec.argv = std::move(argv);
  spec.environment = {"PATH=/usr/bin:/bin", "HOME=/tmp"};
  const std::string own = directory_ + "/run" + std::to_string(count_);
  spec.log_path = own + "/log";
  spec.exit_path = own + "/exit";
  spec.binds = {{SANDBOX_TRIAL, "/trial"}};
  spec.user_slot = static_cast<uint32_t>((::getpid() * 16 + count_) % 60000);
  ++count_;
  return spec;
}

Spec Place::trial(std::vector<std::string> words) {
  words.insert(words.begin(), "/trial");
  return spec(std::move(words));
}

Started Place::start(const Spec &spec) {
  auto started = sandbox::start(spec, host_);
  const std::string problem = started ? "" : llvm::toString(started.takeError());
  INFO(problem);
  REQUIRE(problem.empty());
  running_.push_back(*started);
  ids_.push_back(spec.id);
  return *started;
}

Ended Place::wait(const Started &started, const Spec &spec) {
  REQUIRE(finished(started.pidfd, 20000));
  const auto how = ended(spec.exit_path);
  REQUIRE(how);
  return *how;
}

Ended Place::run(const Spec &spec) {
  const Started started = start(spec);
  const Ended how = wait(started, spec);
  clean(spec.id, host_);
  return how;
}

bool Place::send(const Started &started, int signal_number) {
  auto error = sandbox::signal(started.pidfd, signal_number);
  const bool sent = !error;
  llvm::consumeError(std::move(error));
  return sent;
}

std::string Place::failure_of(const Spec &spec) {
  auto started = sandbox::start(spec, host_);
  if (started) {
    running_.push_back(*started);
    ids_.push_back(spec.id);
    FAIL("it started");
  }
  return llvm::toString(started.takeError());
}

std::string Place::read(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void Place::write(const std::string &path, const std::string &text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  REQUIRE(file.flush());
}

std::string Place::output(const Spec &spec) {
  std::istringstream lines(read(spec.log_path));
  std::string line, text;
  while (std::getline(lines, line)) {
    const size_t tag = line.find(" F ");
    text += (tag == std::string::npos ? line : line.substr(tag + 3)) + "\n";
  }
  return text;
}

bool Place::said(const Spec &spec, const std::string &text) {
  for (int i = 0; i < 1000; ++i) {
    if (output(spec).find(text) != std::string::npos)
      return true;
    const timespec wait = {0, 10000000};
    ::nanosleep(&wait, nullptr);
  }
  return false;
}

bool Place::lacks(const std::string &ability) const {
  if (host_.can(ability))
    return false;
  std::cout << "skipped: " << Catch::getResultCapture().getCurrentTestName() << ": needs "
            << ability << ": " << host_.reason(ability) << std::endl;
  return true;
}

bool Place::not_root(const std::string &what) const {
  if (host_.root)
    return false;
  std::cout << "skipped: " << Catch::getResultCapture().getCurrentTestName() << ": " << what
            << " needs root" << std::endl;
  return true;
}

} // namespace nemo::sandbox
