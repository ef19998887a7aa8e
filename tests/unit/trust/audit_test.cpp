#include "protocol/trust/audit.h"

#include <thread>

#include "llvm/Support/JSON.h"

#include "support.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;

namespace {

AuditHead write_three(const std::string &path) {
  AuditHead head;
  for (const char *what : {"plan", "approve", "apply"})
    head = good(append_audit(path, head, {from_unix_ms(1'000), "alice", what, "shop", "d"}));
  return head;
}

} // namespace

TEST_CASE("what was done stands in the log, line after line") {
  const TempDir dir;
  const AuditHead head = write_three(dir / "log");
  CHECK(head.sequence == 3);
  CHECK(good(verify_audit(dir / "log", head)) == head);
  const auto line = good(llvm::json::parse(llvm::StringRef(read(dir / "log")).split('\n').first));
  CHECK(line.getAsObject()->getString("who") == llvm::StringRef("alice"));
  CHECK(line.getAsObject()->getString("what") == llvm::StringRef("plan"));
  CHECK(line.getAsObject()->getString("time") == llvm::StringRef("1970-01-01T00:00:01.000Z"));
  CHECK(line.getAsObject()->getString("digest")->size() == 64);
}

TEST_CASE("an edit is found, wherever it is") {
  const TempDir dir;
  const AuditHead head = write_three(dir / "log");
  const std::string log = read(dir / "log");
  size_t found = 0, tried = 0;
  for (size_t i = 0; i < log.size(); i += 3, ++tried) {
    std::string edited = log;
    edited[i] = static_cast<char>(edited[i] ^ 1);
    write(dir / "edited", edited);
    found += said(verify_audit(dir / "edited", head)).empty() ? 0 : 1;
  }
  CHECK(found == tried);
  std::string edited = log;
  edited.replace(edited.find("approve"), 7, "refused");
  write(dir / "edited", edited);
  CHECK_THAT(said(verify_audit(dir / "edited", head)), has("edited:2: the line was changed"));
  CHECK_THAT(said(append_audit(dir / "edited", {}, {})), Catch::Matchers::Equals(""));
}

TEST_CASE("a line taken out, moved or cut off the end is found") {
  const TempDir dir;
  const AuditHead head = write_three(dir / "log");
  const std::string log = read(dir / "log");
  const size_t first = log.find('\n') + 1, second = log.find('\n', first) + 1;
  const std::string one = log.substr(0, first), two = log.substr(first, second - first),
                    three = log.substr(second);
  write(dir / "x", one + three);
  CHECK_THAT(said(verify_audit(dir / "x", head)), has("x:2: the line does not follow"));
  write(dir / "x", one + three + two);
  CHECK_THAT(said(verify_audit(dir / "x", head)), has("x:2: the line does not follow"));
  write(dir / "x", two + three);
  CHECK_THAT(said(verify_audit(dir / "x", head)), has("x:1: the line does not follow"));
  write(dir / "x", one + two);
  CHECK_THAT(said(verify_audit(dir / "x", head)), has("ends too early"));
  CHECK_THAT(said(append_audit(dir / "x", head, {})), has("was cut or changed"));
  write(dir / "x", "");
  CHECK_THAT(said(verify_audit(dir / "x", head)), has("ends too early"));
  // Written anew as a whole, with every digest right: only who knows the head sees it.
  const AuditHead other =
      good(append_audit(dir / "y", {}, {from_unix_ms(1'000), "bob", "plan", "shop", "d"}));
  AuditHead forged = good(append_audit(dir / "y", other, {}));
  forged = good(append_audit(dir / "y", forged, {}));
  CHECK(said(verify_audit(dir / "y", {})).empty());
  // Also one that is longer than what is known.
  forged = good(append_audit(dir / "y", forged, {}));
  CHECK_THAT(said(append_audit(dir / "y", head, {})), has("was rewritten"));
  CHECK_THAT(said(verify_audit(dir / "y", head)), has("was rewritten"));
  CHECK(good(verify_audit(dir / "y", {})) == forged);
}

TEST_CASE("a line that a crash cut short was never told, and goes") {
  const TempDir dir;
  const AuditHead head = write_three(dir / "log");
  const std::string log = read(dir / "log");
  write(dir / "log", log + "{\"version\":1,\"sequ");
  CHECK(good(verify_audit(dir / "log", head)) == head);
  const AuditHead next =
      good(append_audit(dir / "log", head, {from_unix_ms(0), "a", "b", "c", "d"}));
  CHECK(next.sequence == 4);
  CHECK(good(verify_audit(dir / "log", next)) == next);
  // Told to nobody but written: the head that is kept is one behind.
  CHECK(good(append_audit(dir / "log", head, {})).sequence == 5);
}

TEST_CASE("whatever is logged stays one line of JSON") {
  const TempDir dir;
  const AuditHead head = good(append_audit(dir / "log", {},
                                           {from_unix_ms(0), "a\nb\"", std::string("\0\xff", 2),
                                            "\",\"digest\":\"", std::string(200'000, 'x')}));
  CHECK(good(verify_audit(dir / "log", head)).sequence == 1);
  CHECK(llvm::StringRef(read(dir / "log")).count('\n') == 1);
}

TEST_CASE("no entry is too long for the next one to follow") {
  const TempDir dir;
  const std::string odd(5'000, '\x01'), high(5'000, '\xff');
  AuditHead head = good(append_audit(dir / "log", {}, {from_unix_ms(0), odd, odd, odd, odd}));
  head = good(append_audit(dir / "log", head, {from_unix_ms(0), high, high, high, high}));
  CHECK(good(append_audit(dir / "log", head, {})).sequence == 3);
}

TEST_CASE("writers take turns") {
  const TempDir dir;
  auto write_some = [&] {
    for (int i = 0; i < 20; ++i)
      llvm::cantFail(append_audit(dir / "log", {}, {from_unix_ms(0), "a", "b", "c", "d"}));
  };
  std::thread other(write_some);
  write_some();
  other.join();
  CHECK(good(verify_audit(dir / "log", {})).sequence == 40);
}
