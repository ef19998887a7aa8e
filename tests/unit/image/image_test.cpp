// What a registry may send, and what is made of it.
#include <catch2/catch.hpp>

#include "runtime-agent/image/config.h"
#include "runtime-agent/image/manifest.h"
#include "runtime-agent/image/reference.h"
#include "runtime-agent/registry/client.h"
#include "runtime-agent/registry/http.h"

using namespace nemo;
using namespace nemo::image;
using Catch::Matchers::Contains;

namespace {

const std::string kDigest(64, 'a');

std::string refusal_of_reference(const std::string &text) {
  auto parsed = parse_reference(text);
  REQUIRE_FALSE(static_cast<bool>(parsed));
  return llvm::toString(parsed.takeError());
}

std::string refusal_of_manifest(const std::string &text) {
  auto parsed = parse_manifest(text);
  REQUIRE_FALSE(static_cast<bool>(parsed));
  return llvm::toString(parsed.takeError());
}

std::string blob(const std::string &type, const std::string &size = "3",
                 const std::string &more = "") {
  return R"({"mediaType":")" + type + R"(","digest":"sha256:)" + kDigest + R"(","size":)" + size +
         more + "}";
}

const std::string kConfig = blob("application/vnd.oci.image.config.v1+json");
const std::string kGzip = "application/vnd.oci.image.layer.v1.tar+gzip";

std::string manifest(const std::string &layers, const std::string &config = kConfig) {
  return R"({"schemaVersion":2,"config":)" + config + R"(,"layers":[)" + layers + "]}";
}

} // namespace

TEST_CASE("references are taken apart") {
  auto whole = parse_reference("registry.example:5000/team/vision_a/b--c:v1.2@sha256:" + kDigest);
  REQUIRE(static_cast<bool>(whole));
  CHECK(whole->registry == "registry.example:5000");
  CHECK(whole->repository == "team/vision_a/b--c");
  CHECK(whole->tag == "v1.2");
  CHECK(whole->digest == kDigest);
  for (const char *text : {"localhost/a", "localhost:1/a", "[::1]:5000/a", "10.0.0.1:65535/a"}) {
    auto short_one = parse_reference(text);
    REQUIRE(static_cast<bool>(short_one));
    CHECK(short_one->repository == "a");
    CHECK(short_one->tag.empty());
    CHECK(short_one->digest.empty());
  }
}

TEST_CASE("references that could mean something else are refused") {
  CHECK_THAT(refusal_of_reference("vision"), Contains("names no registry"));
  CHECK_THAT(refusal_of_reference("team/vision"), Contains("names no registry"));
  CHECK_THAT(refusal_of_reference("r.example/"), Contains("names no registry"));
  for (const char *repository : {"../etc", "A", "a//b", "a/", "-a", "a..b", "a___b", "a/%2e"})
    CHECK_THAT(refusal_of_reference(std::string("r.example/") + repository),
               Contains("repository"));
  for (const char *host : {"r.example:0", "r.example:99999", "r.example:", "-r.example",
                           "r..example", "user@r.example", "r.example:80:80"})
    refusal_of_reference(std::string(host) + "/a");
  CHECK_THAT(refusal_of_reference("r.example/a:"), Contains("tag"));
  CHECK_THAT(refusal_of_reference("r.example/a:.x"), Contains("tag"));
  for (const std::string &digest :
       {std::string("sha256:abc"), "md5:" + kDigest, "sha256:" + std::string(64, 'A')})
    CHECK_THAT(refusal_of_reference("r.example/a@" + digest), Contains("is not a digest"));
  CHECK_THAT(refusal_of_reference("r.example/a\nb"), Contains("characters"));
  CHECK_THAT(refusal_of_reference("r.example/" + std::string(1000, 'a')), Contains("longer"));
}

TEST_CASE("a manifest gives a configuration and layers") {
  auto parsed =
      parse_manifest(manifest(blob("application/vnd.oci.image.layer.v1.tar") + "," + blob(kGzip) +
                              "," + blob("application/vnd.oci.image.layer.v1.tar+zstd")));
  REQUIRE(static_cast<bool>(parsed));
  const Manifest &made = std::get<Manifest>(*parsed);
  CHECK(made.config.digest == kDigest);
  REQUIRE(made.layers.size() == 3);
  CHECK(made.layers[0].packing == Packing::none);
  CHECK(made.layers[1].packing == Packing::gzip);
  CHECK(made.layers[2].packing == Packing::zstd);
  CHECK(made.layers[1].blob.bytes == 3);
}

TEST_CASE("manifests are held to their limits") {
  CHECK_THAT(refusal_of_manifest(std::string(kMostManifestBytes + 1, ' ')), Contains("larger"));
  CHECK_THAT(refusal_of_manifest(std::string(100000, '[')), Contains("deeper"));
  CHECK_THAT(refusal_of_manifest("{"), Contains("not JSON"));
  CHECK_THAT(refusal_of_manifest(R"({"schemaVersion":1})"), Contains("schema version"));
  CHECK_THAT(refusal_of_manifest(R"({"schemaVersion":2,"layers":[],"manifests":[]})"),
             Contains("neither"));
  CHECK_THAT(refusal_of_manifest(manifest("", blob("application/vnd.example.chart"))),
             Contains("no image of a container"));
  CHECK_THAT(refusal_of_manifest(manifest(blob("text/html"))), Contains("not known here"));
  CHECK_THAT(refusal_of_manifest(manifest(blob(kGzip, "-1"))), Contains("no size"));
  CHECK_THAT(refusal_of_manifest(manifest(blob(kGzip, "1e30"))), Contains("no size"));
  CHECK_THAT(refusal_of_manifest(manifest(blob(kGzip, "99999999999999"))), Contains("allowed"));
  CHECK_THAT(refusal_of_manifest(manifest("7")), Contains("not an object"));
  std::string many = blob(kGzip);
  for (size_t i = 0; i < kMostLayers; ++i)
    many += "," + blob(kGzip);
  CHECK_THAT(refusal_of_manifest(manifest(many)), Contains("257 layers"));
}

TEST_CASE("of an index the platform's manifest is chosen") {
  const std::string type = "application/vnd.oci.image.manifest.v1+json";
  const auto of = [&](const std::string &digit, const std::string &platform) {
    return R"({"mediaType":")" + type + R"(","digest":"sha256:)" + std::string(64, digit[0]) +
           R"(","size":9,"platform":)" + platform + "}";
  };
  auto parsed = parse_manifest(
      R"({"schemaVersion":2,"manifests":[)" + of("1", R"({"os":"linux","architecture":"amd64"})") +
      "," + of("2", R"({"os":"linux","architecture":"arm","variant":"v6"})") + "," +
      of("3", R"({"os":"linux","architecture":"arm","variant":"v7"})") + "," +
      blob("application/vnd.example.signature") + "]}");
  REQUIRE(static_cast<bool>(parsed));
  const Index &index = std::get<Index>(*parsed);
  REQUIRE(index.entries.size() == 3);
  CHECK(choose(index, {"linux", "amd64", ""})->digest == std::string(64, '1'));
  CHECK(choose(index, {"linux", "arm", "v7"})->digest == std::string(64, '3'));
  CHECK(choose(index, {"linux", "arm", "v5"})->digest == std::string(64, '2'));
  auto none = choose(index, {"linux", "riscv64", ""});
  REQUIRE_FALSE(static_cast<bool>(none));
  CHECK_THAT(llvm::toString(none.takeError()),
             Contains("linux/riscv64") && Contains("linux/amd64, linux/arm/v6"));
}

TEST_CASE("a configuration says how the image is run") {
  auto config = parse_config(
      R"({"config":{"Entrypoint":["/a"],"Cmd":["b"],"Env":["X=1","broken"],"User":"web","WorkingDir":"/w"}})");
  REQUIRE(static_cast<bool>(config));
  CHECK(config->command == std::vector<std::string>{"/a", "b"});
  CHECK(config->environment == std::vector<std::string>{"X=1"});
  CHECK(config->user == "web");
  CHECK(config->working_directory == "/w");
  CHECK(parse_config(R"({"config":{"Entrypoint":null}})")->command.empty());
  for (const char *bad : {"[]", "{", R"({"config":{"Cmd":"sh"}})", R"({"config":{"Cmd":[1]}})",
                          R"({"config":{"Cmd":["a\u0000b"]}})"}) {
    auto refused = parse_config(bad);
    CHECK_FALSE(static_cast<bool>(refused));
    llvm::consumeError(refused.takeError());
  }
}

TEST_CASE("users are found by name and by number") {
  const char *passwd = "root:x:0:0::/:\nweb:x:33:44::/:\n", *group = "adm:x:4:\n";
  const auto is = [&](const char *text, uint32_t uid, uint32_t gid) {
    auto user = find_user(text, passwd, group);
    REQUIRE(static_cast<bool>(user));
    CHECK(user->uid == uid);
    CHECK(user->gid == gid);
  };
  is("", 0, 0);
  is("web", 33, 44);
  is("33", 33, 44);
  is("web:adm", 33, 4);
  is("7:8", 7, 8);
  is("7", 7, 0);
  for (const char *bad : {"nobody", "4294967295", "web:none", "-1", "0x7"}) {
    auto user = find_user(bad, passwd, group);
    CHECK_FALSE(static_cast<bool>(user));
    llvm::consumeError(user.takeError());
  }
}

TEST_CASE("challenges are taken apart") {
  const auto parts = registry::parse_challenge(
      R"(bearer Realm="https://a.example/t?x=\"1\"", service=s ,scope="a,b")", "Bearer");
  CHECK(parts.at("realm") == R"(https://a.example/t?x="1")");
  CHECK(parts.at("service") == "s");
  CHECK(parts.at("scope") == "a,b");
  CHECK(registry::parse_challenge(R"(Basic realm="x")", "Bearer").empty());
  CHECK(registry::parse_challenge(R"(Bearer realm="x)", "Bearer").empty());
  CHECK(registry::parse_challenge(R"(Bearer realm="x\)", "Bearer").empty());
  CHECK(registry::parse_challenge("Bearer realm", "Bearer").empty());
}

TEST_CASE("in the clear only this machine and listed hosts are asked") {
  registry::Http http({"registry.site:5000"});
  for (const char *host :
       {"localhost", "localhost:5000", "127.0.0.1:1", "[::1]:5000", "registry.site:5000"})
    CHECK(http.may_be_plain(host));
  for (const char *host : {"registry.site", "127.0.0.1.example", "localhost.example", "10.0.0.1",
                           "127.0.0.1@evil.example", "registry.site:5001"})
    CHECK_FALSE(http.may_be_plain(host));
  for (const char *url : {"file:///etc/passwd", "http://10.0.0.1/", "ftp://localhost/",
                          "https://user@registry.example/", "gopher://localhost/"}) {
    registry::Request request;
    request.url = url;
    auto response = http.get(request);
    REQUIRE_FALSE(static_cast<bool>(response));
    CHECK_THAT(llvm::toString(response.takeError()),
               Contains("not asked") || Contains("not followed") || Contains("not a URL"));
  }
}

TEST_CASE("a registry that is asked with TLS leads nowhere else") {
  using registry::check_step;
  const std::string https = "https://registry.example/v2/a";
  for (const char *to :
       {"http://127.0.0.1/blob", "HTTP://localhost:80/token", "file:///etc/passwd"})
    CHECK_THAT(llvm::toString(check_step(https, to)), Contains("was asked with TLS"));
  CHECK_FALSE(static_cast<bool>(check_step(https, "https://elsewhere.example/blob")));
  CHECK_FALSE(static_cast<bool>(check_step("http://127.0.0.1:5000/v2/", "http://127.0.0.1/x")));
}
