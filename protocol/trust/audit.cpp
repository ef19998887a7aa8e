#include "protocol/trust/audit.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include "base/digest.h"
#include "base/error.h"
#include "protocol/trust/key_file.h"

namespace nemo::trust {

namespace {

constexpr size_t max_line = 64 << 10;
constexpr llvm::StringLiteral digest_key = ",\"digest\":\"";
constexpr size_t tail_size = digest_key.size() + 64 + 2; // and "}

/// The head after this line; an error says what is wrong with it.
llvm::Expected<AuditHead> read_line(llvm::StringRef line, const AuditHead *before) {
  const llvm::StringRef tail = line.take_back(tail_size);
  const llvm::StringRef body = line.drop_back(std::min(line.size(), tail_size));
  const llvm::StringRef digest =
      tail.drop_front(std::min(tail.size(), digest_key.size())).take_front(64);
  if (line.size() > max_line || !tail.startswith(digest_key) || !tail.endswith("\"}"))
    return failure("is no entry");
  if (sha256(body) != digest)
    return failure("was changed: it does not have its digest");
  auto value = llvm::json::parse((body + "}").str());
  const llvm::json::Object *entry = value ? value->getAsObject() : nullptr;
  if (!value)
    llvm::consumeError(value.takeError());
  const auto sequence = entry ? entry->getInteger("sequence") : std::nullopt;
  const auto previous = entry ? entry->getString("previous") : std::nullopt;
  if (!sequence || !previous)
    return failure("is no entry");
  if (before &&
      (static_cast<uint64_t>(*sequence) != before->sequence + 1 || *previous != before->digest))
    return failure(
        "does not follow the line before: something between them was taken out, put in or "
        "moved");
  return AuditHead{static_cast<uint64_t>(*sequence), digest.str()};
}

std::string write_line(const AuditHead &before, const AuditEntry &entry) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream);
  auto cut = [](const std::string &value) {
    // Six bytes each where they are escaped: four of these fit into a line.
    return llvm::json::fixUTF8(llvm::StringRef(value).take_front(2048));
  };
  json.object([&] {
    json.attribute("version", 1);
    json.attribute("sequence", static_cast<int64_t>(before.sequence + 1));
    json.attribute("time", to_rfc3339(entry.time));
    json.attribute("who", cut(entry.who));
    json.attribute("what", cut(entry.what));
    json.attribute("about", cut(entry.about));
    json.attribute("detail", cut(entry.detail));
    json.attribute("previous", before.digest);
  });
  stream.flush();
  text.pop_back(); // the brace, which follows the digest
  return text + digest_key.str() + sha256(text) + "\"}\n";
}

/// The last whole line and where it ends; what stands after it was never finished.
llvm::Expected<std::pair<std::string, off_t>> last_line(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0)
    return system_failure(errno, "the audit log cannot be read");
  const off_t from = std::max<off_t>(0, status.st_size - static_cast<off_t>(2 * max_line));
  std::string text(static_cast<size_t>(status.st_size - from), '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::pread(descriptor, text.data() + done, text.size() - done,
                                  from + static_cast<off_t>(done));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return system_failure(count < 0 ? errno : EIO, "the audit log cannot be read");
    done += static_cast<size_t>(count);
  }
  const size_t end = text.rfind('\n');
  if (end == std::string::npos)
    return from == 0 ? llvm::Expected<std::pair<std::string, off_t>>(std::pair(std::string(), 0))
                     : failure("the audit log ends with what is no entry");
  const size_t start = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const size_t begin = start == std::string::npos ? 0 : start + 1;
  return std::pair(text.substr(begin, end - begin), from + static_cast<off_t>(end) + 1);
}

} // namespace

llvm::Expected<AuditHead> append_audit(const std::string &path, const AuditHead &known,
                                       const AuditEntry &entry) {
  const int descriptor =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (descriptor < 0)
    return system_failure(errno, "the audit log {}", path);
  auto closed = llvm::make_scope_exit([&] { ::close(descriptor); });
  while (::flock(descriptor, LOCK_EX) != 0)
    if (errno != EINTR)
      return system_failure(errno, "the audit log {} cannot be locked", path);
  auto last = last_line(descriptor);
  if (!last)
    return last.takeError();
  AuditHead head;
  if (!last->first.empty()) {
    auto read = read_line(last->first, nullptr);
    if (!read)
      return failure("the last line of the audit log {} {}", path,
                     llvm::toString(read.takeError()));
    head = std::move(*read);
  }
  if (head.sequence < known.sequence || (head.sequence == known.sequence && head != known))
    return failure(
        "the audit log {} was cut or changed: it ends with line {}, and line {} is known "
        "to have been written",
        path, head.sequence, known.sequence);
  // More lines than are known is what a crash between this and the keeping of the head leaves, or
  // somebody who wrote the log anew.
  if (known.sequence != 0 && head.sequence > known.sequence)
    if (auto whole = verify_audit(path, known); !whole)
      return whole.takeError();
  const std::string line = write_line(head, entry);
  auto next = read_line(llvm::StringRef(line).drop_back(), &head);
  if (!next)
    return failure("what should be a line of the audit log {} {}", path,
                   llvm::toString(next.takeError()));
  if (::ftruncate(descriptor, last->second) != 0)
    return system_failure(errno, "the audit log {} cannot be written", path);
  const ssize_t count = ::pwrite(descriptor, line.data(), line.size(), last->second);
  if (count != static_cast<ssize_t>(line.size()))
    return system_failure(count < 0 ? errno : ENOSPC, "the audit log {} cannot be written", path);
  if (::fsync(descriptor) != 0)
    return system_failure(errno, "the audit log {} cannot be written", path);
  if (last->second == 0)
    if (auto error = sync_directory_of(path))
      return error;
  return next;
}

llvm::Expected<AuditHead> verify_audit(const std::string &path, const AuditHead &known) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return system_failure(file.getError().value(), "the audit log {}", path);
  AuditHead head;
  bool met = known.sequence == 0;
  for (llvm::StringRef rest = (*file)->getBuffer(); !rest.empty();) {
    const size_t end = rest.find('\n');
    if (end == llvm::StringRef::npos)
      break; // unfinished, never told
    auto next = read_line(rest.take_front(end), &head);
    if (!next)
      return failure("{}:{}: the line {}", path, head.sequence + 1,
                     llvm::toString(next.takeError()));
    head = std::move(*next);
    met = met || head == known;
    rest = rest.drop_front(end + 1);
  }
  if (!met)
    return failure(
        "{}: the log was rewritten or ends too early: line {} with the digest {} is not in it",
        path, known.sequence, known.digest);
  return head;
}

} // namespace nemo::trust
