#include "runtime-agent/core/pulls.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "llvm/Support/JSON.h"

#include "base/error.h"

namespace nemo::agent {

namespace {
constexpr Ticks failure_stands = 1000; ///< for all that want the same image
constexpr size_t most_pending = 4096;
} // namespace

Pulls::~Pulls() {
  if (process_)
    loop_.forget(process_->stdout_fd());
}

Pulls::State Pulls::want(const std::string &reference) {
  if (failure_ && failure_->reference == reference) {
    if (ticks() - failure_->at < failure_stands)
      return {true, failure_->why};
    failure_.reset();
  }
  if (process_ && reference_ != reference)
    return {false, fmt::format("waits until another image has been pulled: {}", reference_)};
  if (!process_)
    if (auto error = begin(reference))
      return {true,
              fmt::format("its image cannot be pulled: {}", llvm::toString(std::move(error)))};
  return {false, fmt::format("pulls its image{}", progress_)};
}

void Pulls::only(const std::set<std::string> &digests) {
  if (!process_ || digests.count(llvm::StringRef(reference_).rsplit("@sha256:").second.str()))
    return;
  loop_.forget(process_->stdout_fd());
  process_.reset();
  changed_();
}

llvm::Error Pulls::begin(const std::string &reference) {
  auto process = Subprocess::start({options_.program, options_.store, options_.settings, reference},
                                   {.pipe_stdout = true});
  if (!process)
    return process.takeError();
  const int out = process->stdout_fd();
  ::fcntl(out, F_SETFL, ::fcntl(out, F_GETFL) | O_NONBLOCK);
  if (auto error = loop_.watch(out, EPOLLIN, [this](uint32_t) { read(); }))
    return error;
  process_ = std::move(*process);
  reference_ = reference;
  progress_.clear();
  pending_.clear();
  why_ = "nemo-pull ended without a word";
  return llvm::Error::success();
}

void Pulls::read() {
  char buffer[4096];
  const ssize_t got = ::read(process_->stdout_fd(), buffer, sizeof buffer);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (got <= 0)
    return end();
  pending_.append(buffer, static_cast<size_t>(got));
  for (size_t at; (at = pending_.find('\n')) != std::string::npos; pending_.erase(0, at + 1))
    line(llvm::StringRef(pending_).take_front(at));
  if (pending_.size() > most_pending)
    pending_.clear();
  changed_();
}

void Pulls::line(llvm::StringRef text) {
  uint64_t bytes = 0, all = 0;
  if (text.consume_front("error "))
    why_ = llvm::json::fixUTF8(text); // a registry or an image may have written it
  else if (text.consume_front("got ") && !text.consumeInteger(10, bytes) &&
           text.consume_front(" of ") && !text.consumeInteger(10, all))
    progress_ = fmt::format(": {:.1f} of {:.1f} MiB", static_cast<double>(bytes) / (1 << 20),
                            static_cast<double>(all) / (1 << 20));
}

void Pulls::end() {
  loop_.forget(process_->stdout_fd());
  const int code = process_->wait();
  process_.reset();
  if (code != 0)
    failure_ = {reference_, fmt::format("its image cannot be pulled: {}", why_), ticks()};
  changed_();
}

} // namespace nemo::agent
