// Packed files, archives, numbers and tables: what is read, and what is refused.
#include <cstdlib>

#include <archive.h>
#include <archive_entry.h>

#include "bench/placement/input/text.h"
#include "scratch.h"

using namespace nemo::bench;
using Catch::Matchers::Contains;

namespace {

void write_archive(const std::string &path, const std::vector<Member> &members) {
  archive *out = ::archive_write_new();
  ::archive_write_set_format_pax_restricted(out);
  ::archive_write_add_filter_xz(out);
  REQUIRE(::archive_write_open_filename(out, path.c_str()) == ARCHIVE_OK);
  archive_entry *entry = ::archive_entry_new();
  for (const Member &member : members) {
    const bool folder = member.name.back() == '/';
    ::archive_entry_clear(entry);
    ::archive_entry_set_pathname(entry, member.name.c_str());
    ::archive_entry_set_filetype(entry, folder ? AE_IFDIR : AE_IFREG);
    ::archive_entry_set_perm(entry, 0600);
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(member.text.size()));
    REQUIRE(::archive_write_header(out, entry) == ARCHIVE_OK);
    ::archive_write_data(out, member.text.data(), member.text.size());
  }
  ::archive_entry_free(entry);
  REQUIRE(::archive_write_close(out) == ARCHIVE_OK);
  ::archive_write_free(out);
}

} // namespace

TEST_CASE("a file is read plain, packed, and when it is empty") {
  Scratch scratch;
  CHECK(*read_text(scratch.file("plain", "1 2\n3")) == "1 2\n3");
  CHECK(*read_text(scratch.file("empty", "")) == "");
  const std::string packed = scratch.file("packed", "7 8 9\n");
  REQUIRE(std::system(("xz " + packed).c_str()) == 0);
  CHECK(*read_numbers(packed + ".xz") == std::vector<int64_t>{7, 8, 9});
}

TEST_CASE("what cannot be read is an error that names the file") {
  Scratch scratch;
  CHECK_THAT(fault(read_text(scratch.path + "/none")), Contains("none"));
  CHECK(fault(read_text(scratch.path)) != "");
  const std::string packed = scratch.file("cut", std::string(100'000, 'x'));
  REQUIRE(std::system(("xz " + packed).c_str()) == 0);
  std::filesystem::resize_file(packed + ".xz", std::filesystem::file_size(packed + ".xz") / 2);
  CHECK_THAT(fault(read_text(packed + ".xz")), Contains("cut.xz"));
}

TEST_CASE("an archive gives its files and leaves folders out") {
  Scratch scratch;
  const std::string path = scratch.path + "/some.tar.xz";
  write_archive(path, {{"a/", ""}, {"a/one", "1"}, {"a/none", ""}, {"two", "2 2"}});
  const auto members = got(read_members(path));
  REQUIRE(members.size() == 3);
  CHECK((members)[0].name == "a/one");
  CHECK((members)[1].text == "");
  CHECK((members)[2].text == "2 2");
  CHECK_THAT(fault(read_members(scratch.file("text", "no archive"))), Contains("text"));
}

TEST_CASE("numbers are whole, in range, and nothing else") {
  CHECK(*numbers_of(" 1\t-2\r\n 9223372036854775807 ", "f") ==
        std::vector<int64_t>{1, -2, INT64_MAX});
  CHECK(numbers_of("", "f")->empty());
  CHECK_THAT(fault(numbers_of("1 two", "f")), Contains("f: number 2 is none"));
  CHECK_THAT(fault(numbers_of("9223372036854775808", "f")), Contains("number 1"));
  CHECK(fault(numbers_of("1.5", "f")) != "");
  CHECK(fault(numbers_of("1\f2", "f")) != "");
}

TEST_CASE("a table is split at commas, or at tabs where its first line has some") {
  Scratch scratch;
  const auto commas = got(read_table(scratch.file("c", "a,b\r\n1,x\ty\n\n2,\n")));
  CHECK(commas.columns == std::vector<std::string>{"a", "b"});
  CHECK(commas.rows[0] == std::vector<std::string>{"1", "x\ty"});
  CHECK(commas.rows[1] == std::vector<std::string>{"2", ""});
  CHECK(*commas.column("b") == 1);
  CHECK_THAT(fault(commas.column("c")), Contains("no column c"));
  const auto tabs = got(read_table(scratch.file("t", "a\tb\n1,5\t2\n")));
  CHECK(tabs.rows[0] == std::vector<std::string>{"1,5", "2"});
  const auto quoted = got(read_table(scratch.file("q", "a,b\n\"x, y\",2\n")));
  CHECK(quoted.rows[0] == std::vector<std::string>{"x, y", "2"});
  CHECK_THAT(fault(read_table(scratch.file("w", "a,b\n1\n"))), Contains("row 1 has 1 cells"));
}
