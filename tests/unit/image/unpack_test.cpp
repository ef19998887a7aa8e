// Layers, good and bad, made here entry by entry.
#include <filesystem>
#include <fstream>

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "runtime-agent/unpack/layer.h"

using namespace nemo;
using namespace nemo::unpack;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

struct Entry {
  std::string name;
  int type = AE_IFREG;
  std::string content; ///< or what a link points to
  mode_t mode = 0644;
  bool hard = false;
};

class Place {
public:
  Place() {
    char name[] = "/tmp/nemo-unpack-test-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    directory = name;
    fs::create_directory(directory + "/root");
    fs::create_directory(directory + "/outside");
    tree = std::make_unique<Tree>(llvm::cantFail(Tree::open(directory + "/root")));
  }
  ~Place() {
    std::error_code ignored;
    fs::remove_all(directory, ignored);
  }

  /// \returns what is wrong with it; empty: nothing.
  std::string unpack(const std::vector<Entry> &entries) {
    const std::string file = directory + "/layer";
    archive *out = archive_write_new();
    archive_write_set_format_pax_restricted(out);
    archive_write_add_filter_gzip(out);
    archive_write_open_filename(out, file.c_str());
    for (const Entry &one : entries) {
      archive_entry *entry = archive_entry_new();
      archive_entry_set_pathname(entry, one.name.c_str());
      archive_entry_set_filetype(entry, static_cast<unsigned>(one.type));
      archive_entry_set_perm(entry, one.mode);
      if (one.hard)
        archive_entry_set_hardlink(entry, one.content.c_str());
      else if (one.type == AE_IFLNK)
        archive_entry_set_symlink(entry, one.content.c_str());
      else if (one.type == AE_IFREG)
        archive_entry_set_size(entry, static_cast<la_int64_t>(one.content.size()));
      REQUIRE(archive_write_header(out, entry) == ARCHIVE_OK);
      if (one.type == AE_IFREG && !one.hard)
        archive_write_data(out, one.content.data(), one.content.size());
      archive_entry_free(entry);
    }
    archive_write_close(out);
    archive_write_free(out);
    return llvm::toString(unpack_layer(file, image::Packing::gzip, *tree, limits));
  }

  std::string read(const std::string &path) const {
    std::ifstream file(directory + "/root/" + path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool there(const std::string &path) const {
    return fs::exists(fs::symlink_status(directory + "/root/" + path));
  }
  bool nothing_outside() const { return fs::is_empty(directory + "/outside"); }

  std::string directory;
  Limits limits;
  std::unique_ptr<Tree> tree;
};

} // namespace

TEST_CASE("upper layers replace, hide and empty what lower ones have") {
  Place place;
  CHECK_THAT(place.unpack({{"./a/", AE_IFDIR},
                           {"a/kept", AE_IFREG, "1"},
                           {"a/hidden", AE_IFREG, "2"},
                           {"a/file", AE_IFREG, "3"},
                           {"b/x/deep", AE_IFREG, "4"},
                           {"c", AE_IFREG, "5"},
                           {"usr/lib/", AE_IFDIR},
                           {"lib", AE_IFLNK, "usr/lib"}}),
             Catch::Equals(""));
  CHECK_THAT(place.unpack({{"a/.wh.hidden"},
                           {"a/file/", AE_IFDIR},
                           {"a/file/now", AE_IFREG, "6"},
                           {"b/x/new", AE_IFREG, "7"},
                           {"b/.wh..wh..opq"},
                           {"c", AE_IFLNK, "a/kept"},
                           {"lib/libx", AE_IFREG, "8"},
                           {"second", AE_IFREG, "a/kept", 0644, true},
                           {"none/.wh.gone"}}),
             Catch::Equals(""));
  CHECK(place.read("a/kept") == "1");
  CHECK_FALSE(place.there("a/hidden"));
  CHECK(place.read("a/file/now") == "6");
  CHECK_FALSE(place.there("b/x/deep"));
  CHECK(place.read("b/x/new") == "7"); // of the same layer, though it came before the mark
  CHECK(fs::is_symlink(place.directory + "/root/c"));
  CHECK(place.read("usr/lib/libx") == "8"); // through the lower layer's link
  CHECK(fs::hard_link_count(place.directory + "/root/a/kept") == 2);
}

TEST_CASE("a whiteout does not touch what its own layer has") {
  Place place;
  CHECK_THAT(place.unpack({{"f", AE_IFREG, "old"}}), Catch::Equals(""));
  CHECK_THAT(place.unpack({{"f", AE_IFREG, "new"}, {".wh.f"}}), Catch::Equals(""));
  CHECK(place.read("f") == "new");
}

TEST_CASE("no name leads out") {
  Place place;
  const std::string outside = place.directory + "/outside";
  CHECK_THAT(place.unpack({{"../outside/x", AE_IFREG, "x"}}), Contains("leads out"));
  CHECK_THAT(place.unpack({{"a/../../outside/x", AE_IFREG, "x"}}), Contains("leads out"));
  CHECK_THAT(place.unpack({{outside + "/x", AE_IFREG, "x"}}), Catch::Equals("")); // below the root
  // A link to the outside is one thing, what is made behind it another.
  place.unpack({{"out", AE_IFLNK, outside}, {"out/x", AE_IFREG, "x"}});
  place.unpack({{"up", AE_IFLNK, "../outside"}, {"up/x", AE_IFREG, "x"}});
  place.unpack({{"up/.wh.y"}, {"up/.wh..wh..opq"}});
  CHECK(place.nothing_outside());
  std::ofstream(outside + "/theirs") << "theirs";
  CHECK_THAT(place.unpack({{"out/", AE_IFDIR}, {"out/.wh..wh..opq"}, {"out/.wh.theirs"}}),
             Catch::Equals(""));
  CHECK(fs::exists(outside + "/theirs"));
}

TEST_CASE("a file is not written through a link of the same name") {
  Place place;
  const std::string outside = place.directory + "/outside/victim";
  CHECK_THAT(place.unpack({{"f", AE_IFLNK, outside}, {"f", AE_IFREG, "x"}}), Catch::Equals(""));
  CHECK(place.nothing_outside());
  CHECK(place.read("f") == "x");
}

TEST_CASE("second names are of files of the image alone") {
  Place place;
  CHECK_THAT(place.unpack({{"f", AE_IFREG, "../outside/x", 0644, true}}), Contains("leads out"));
  CHECK_THAT(place.unpack({{"f", AE_IFREG, "/etc/passwd", 0644, true}}), Contains("etc"));
  CHECK_THAT(place.unpack({{"l", AE_IFLNK, "/etc"}, {"f", AE_IFREG, "l/passwd", 0644, true}}),
             Contains("l"));
  CHECK_THAT(place.unpack({{"d/", AE_IFDIR}, {"f", AE_IFREG, "d", 0644, true}}),
             Contains("no file"));
  CHECK_FALSE(place.there("f"));
}

TEST_CASE("devices and pipes are refused") {
  for (const int type : {AE_IFCHR, AE_IFBLK, AE_IFIFO}) {
    Place place;
    CHECK_THAT(place.unpack({{"x", type}}), Contains("device"));
    CHECK_FALSE(place.there("x"));
  }
}

TEST_CASE("modes give no rights, and let the image's one user read") {
  Place place;
  CHECK_THAT(place.unpack({{"suid", AE_IFREG, "", 06711},
                           {"secret", AE_IFREG, "", 0600},
                           {"d/", AE_IFDIR, "", 0500}}),
             Catch::Equals(""));
  const auto mode = [&](const char *name) {
    struct stat info;
    REQUIRE(::stat((place.directory + "/root/" + name).c_str(), &info) == 0);
    return info.st_mode & 07777;
  };
  CHECK(mode("suid") == 0715);
  CHECK(mode("secret") == 0604);
  CHECK(mode("d") == 0705);
}

TEST_CASE("limits are kept") {
  Place place;
  place.limits.bytes = 10;
  CHECK_THAT(place.unpack({{"a", AE_IFREG, "123456"}}), Catch::Equals(""));
  CHECK_THAT(place.unpack({{"b", AE_IFREG, "123456"}}), Contains("larger"));
  Place other;
  other.limits.entries = 2;
  CHECK_THAT(other.unpack({{"a"}, {"b"}, {"c"}}), Contains("too many"));
  Place deep;
  std::string path;
  for (int i = 0; i < 300; ++i)
    path += "d/";
  CHECK_THAT(deep.unpack({{path, AE_IFDIR}}), Contains("deeper"));
  CHECK_THAT(deep.unpack({{std::string(300, 'n')}}), Contains("longer"));
  // One name makes directories that have none of their own.
  Place named;
  named.limits.name_bytes = 2000;
  std::string parents = "1";
  for (int i = 0; i < 50; ++i)
    parents += "/d";
  CHECK_THAT(named.unpack({{parents + "/f"}}), Contains("too many names"));
  Place layered;
  layered.limits.name_bytes = 10;
  CHECK_THAT(layered.unpack({{"abcd/ef"}}), Contains("too many names"));
  CHECK(layered.tree->name_bytes() == 11);
}

TEST_CASE("what is no archive is refused") {
  Place place;
  const std::string file = place.directory + "/layer";
  std::ofstream(file) << "no archive at all";
  for (const image::Packing packing :
       {image::Packing::none, image::Packing::gzip, image::Packing::zstd})
    CHECK_THAT(llvm::toString(unpack_layer(file, packing, *place.tree, place.limits)),
               Contains("damaged"));
}
