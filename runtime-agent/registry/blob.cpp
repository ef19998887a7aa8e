// Client::blob(): one file under a name that says it is not complete, locked while it grows.
#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include <cerrno>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/ADT/StringExtras.h"

#include "base/error.h"
#include "runtime-agent/registry/client.h"

namespace nemo::registry {

namespace {

constexpr int kMostTries = 6; ///< in a row that lead no further
constexpr std::chrono::milliseconds kFirstWait(100);

class Hash {
public:
  Hash() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) { restart(); }
  void restart() { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(llvm::StringRef bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string finish() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    return llvm::toHex(llvm::ArrayRef<uint8_t>(digest, size), /*LowerCase=*/true);
  }

private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX *)> context_;
};

/// A blob that is not complete.
class Part {
public:
  Part(std::string path, uint64_t most) : path_(std::move(path)), most_(most) {}
  ~Part() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  Part(const Part &) = delete;
  Part &operator=(const Part &) = delete;
  uint64_t size() const { return size_; }

  /// Waits for whoever is at it. What is there is read, as it is part of the digest.
  llvm::Error open() {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0)
      return system_failure(errno, "{}", path_);
    char buffer[1 << 16];
    for (ssize_t got;
         (got = ::pread(fd_, buffer, sizeof buffer, static_cast<off_t>(size_))) != 0;) {
      if (got < 0)
        return system_failure(errno, "{}", path_);
      hash_.add({buffer, static_cast<size_t>(got)});
      size_ += static_cast<uint64_t>(got);
      if (size_ > most_)
        return restart();
    }
    return llvm::Error::success();
  }

  llvm::Error restart() {
    if (::ftruncate(fd_, 0) != 0)
      return system_failure(errno, "{}", path_);
    size_ = 0;
    hash_.restart();
    return llvm::Error::success();
  }

  llvm::Error take(uint64_t first, llvm::StringRef piece) {
    if (first == 0 && size_ != 0) // this server knows no ranges
      if (auto error = restart())
        return error;
    if (first != size_ || piece.size() > most_ - size_)
      return failure("it sends more than the {} bytes that it has", most_);
    for (size_t done = 0; done < piece.size();) {
      const ssize_t count =
          ::pwrite(fd_, piece.data() + done, piece.size() - done, static_cast<off_t>(size_ + done));
      if (count < 0 && errno != EINTR)
        return system_failure(errno, "write {}", path_);
      done += static_cast<size_t>(std::max<ssize_t>(count, 0));
    }
    hash_.add(piece);
    size_ += piece.size();
    return llvm::Error::success();
  }

  llvm::Error discard() {
    ::unlink(path_.c_str());
    return llvm::Error::success();
  }

  /// To its name, if it is what the name says.
  llvm::Error finish(const std::string &digest, const std::string &path) {
    if (const std::string found = hash_.finish(); found != digest) {
      ::unlink(path_.c_str());
      return failure("what came for {} has another digest: {}", digest, found);
    }
    if (::fsync(fd_) != 0 || ::rename(path_.c_str(), path.c_str()) != 0)
      return system_failure(errno, "keep {}", path);
    return llvm::Error::success();
  }

private:
  std::string path_;
  uint64_t most_ = 0, size_ = 0;
  int fd_ = -1;
  Hash hash_;
};

std::string part_path(const std::string &store, const std::string &digest) {
  return store + "/.part-" + digest;
}

uint64_t size_of(const std::string &path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode)
             ? static_cast<uint64_t>(info.st_size)
             : 0;
}

bool is_there(const std::string &path, uint64_t bytes) {
  return size_of(path) == bytes && ::access(path.c_str(), F_OK) == 0;
}

} // namespace

std::string blob_path(const std::string &store, const std::string &digest) {
  return store + "/.blob-" + digest;
}

uint64_t bytes_there(const std::string &store, const image::Descriptor &blob) {
  return std::min(blob.bytes, std::max(size_of(blob_path(store, blob.digest)),
                                       size_of(part_path(store, blob.digest))));
}

llvm::Error Client::blob(const image::Descriptor &blob, const std::string &store,
                         llvm::function_ref<void(uint64_t)> progress) {
  const std::string path = blob_path(store, blob.digest), name = "sha256:" + blob.digest;
  Part part(part_path(store, blob.digest), blob.bytes);
  if (is_there(path, blob.bytes))
    return llvm::Error::success();
  if (auto error = part.open())
    return error;
  if (is_there(path, blob.bytes)) // meanwhile
    return part.discard();
  Request request;
  request.url = url("blobs", name);
  request.take = [&](int, uint64_t first, llvm::StringRef piece) -> llvm::Error {
    if (auto error = part.take(first, piece))
      return error;
    progress(part.size());
    return llvm::Error::success();
  };
  for (int tries = 0; part.size() < blob.bytes;) {
    const uint64_t before = request.from = part.size();
    auto response = ask(request);
    const bool passing = response && (response->status == 429 || response->status >= 500);
    std::string why = "it ended too early";
    if (!response) {
      auto rest = llvm::handleErrors(response.takeError(), [&](const Interrupted &interrupted) {
        why = interrupted.getMessage();
      });
      if (rest)
        return rest;
    } else if (response->status == 416 && before != 0) {
      if (auto error = part.restart())
        return error;
    } else if (!passing) {
      if (auto error = answered(*response, name))
        return error;
    } else {
      why = fmt::format("status {}", response->status);
    }
    if (part.size() >= blob.bytes)
      break;
    tries = part.size() > before ? 1 : tries + 1;
    if (tries >= kMostTries)
      return failure("{} of {} bytes of {} came from {}, then: {}", part.size(), blob.bytes, name,
                     reference_.registry, why);
    std::this_thread::sleep_for(kFirstWait * (1 << tries));
  }
  return part.finish(blob.digest, path);
}

} // namespace nemo::registry
