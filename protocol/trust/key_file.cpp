#include "protocol/trust/key_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/ErrorHandling.h"

#include "base/files.h"

namespace nemo::trust {

namespace {

constexpr uint64_t max_bytes = 64 << 10;

/// Without it OpenSSL would ask for one on the terminal.
int no_password(char *, int, int, void *) { return -1; }

} // namespace

llvm::Expected<Secret> read_secret(const std::string &path) {
  const int descriptor =
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0)
    return errno == ELOOP
               ? failure("{} is a symbolic link; a secret is read from the file itself", path)
               : system_failure(errno, "{}", path);
  auto closed = llvm::make_scope_exit([&] { ::close(descriptor); });
  struct stat status {};
  if (::fstat(descriptor, &status) != 0)
    return system_failure(errno, "{}", path);
  if (!S_ISREG(status.st_mode))
    return failure("{} is not a regular file", path);
  if (status.st_uid != ::geteuid())
    return failure("{} belongs to user {}, not to the user {} that reads it: chown it, or run as "
                   "its owner",
                   path, status.st_uid, ::geteuid());
  if ((status.st_mode & 0077) != 0)
    return failure("{} has mode {:04o}: others may read or change it. If nobody did, chmod 600 it; "
                   "else make a new one",
                   path, status.st_mode & 07777);
  auto bytes = read_descriptor(descriptor, max_bytes);
  if (!bytes)
    return bytes.takeError();
  Secret secret(std::move(*bytes));
  if (secret.bytes().size() > max_bytes)
    return failure("{} is over {} KiB", path, max_bytes >> 10);
  return secret;
}

llvm::Error write_secret(const std::string &path, llvm::StringRef bytes) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return errno == EEXIST
               ? failure("{} exists already; a secret is never written over another", path)
               : system_failure(errno, "{}", path);
  auto closed = llvm::make_scope_exit([&] { ::close(descriptor); });
  auto give_up = [&](int error) {
    ::unlink(path.c_str());
    return system_failure(error, "{}", path);
  };
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return give_up(errno);
    bytes = bytes.drop_front(static_cast<size_t>(count));
  }
  if (::fsync(descriptor) != 0)
    return give_up(errno);
  if (auto error = sync_directory_of(path)) {
    ::unlink(path.c_str());
    return error;
  }
  return llvm::Error::success();
}

llvm::Error sync_directory_of(const std::string &path) {
  const size_t slash = path.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
  const int parent = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0)
    return system_failure(errno, "{}", directory);
  auto closed = llvm::make_scope_exit([&] { ::close(parent); });
  if (::fsync(parent) != 0)
    return system_failure(errno, "{}", directory);
  return llvm::Error::success();
}

llvm::Expected<Pkey> read_key(const std::string &path) {
  auto text = read_secret(path);
  if (!text)
    return text.takeError();
  const Bio in(BIO_new_mem_buf(text->bytes().data(), static_cast<int>(text->bytes().size())));
  Pkey key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
  if (!key)
    return openssl_failure(path + " holds no private key in PEM without a password");
  return key;
}

Secret to_pem(EVP_PKEY *key) {
  const Bio out(BIO_new(BIO_s_secmem()));
  if (!out ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    llvm::report_fatal_error("OpenSSL cannot write a private key");
  char *bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return Secret(std::string(bytes, static_cast<size_t>(size)));
}

} // namespace nemo::trust
