#include "bench/placement/input/text.h"

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <lzma.h>
#include <zlib.h>

#include "llvm/Support/FormatVariadic.h"

namespace nemo::bench {

namespace {

constexpr size_t largest = size_t{1} << 30;

llvm::Error wrong(const std::string &path, const std::string &what) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), path + ": " + what);
}

llvm::Expected<std::string> unpack_xz(const std::string &path, const std::string &packed) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, uint64_t{1} << 30, LZMA_CONCATENATED) != LZMA_OK)
    return wrong(path, "no memory to unpack it");
  std::string text, block(1 << 20, '\0');
  stream.next_in = reinterpret_cast<const uint8_t *>(packed.data());
  stream.avail_in = packed.size();
  lzma_ret state = LZMA_OK;
  while (state == LZMA_OK && text.size() < largest) {
    stream.next_out = reinterpret_cast<uint8_t *>(block.data());
    stream.avail_out = block.size();
    state = lzma_code(&stream, LZMA_FINISH);
    text.append(block, 0, block.size() - stream.avail_out);
  }
  lzma_end(&stream);
  if (state != LZMA_STREAM_END)
    return wrong(path, "is no whole xz file");
  return text;
}

llvm::Expected<std::string> unpack_gzip(const std::string &path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file)
    return wrong(path, "cannot be opened");
  std::string text, block(1 << 20, '\0');
  int count = 0;
  while (text.size() < largest &&
         (count = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0)
    text.append(block, 0, static_cast<size_t>(count));
  const int closed = gzclose(file);
  if (count != 0 || closed != Z_OK)
    return wrong(path, "is no whole gzip file");
  return text;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::vector<std::string> cells(std::string_view line) {
  std::vector<std::string> out;
  for (size_t begin = 0;;) {
    const size_t end = line.find(',', begin);
    out.emplace_back(line.substr(begin, end - begin));
    if (end == std::string_view::npos)
      return out;
    begin = end + 1;
  }
}

} // namespace

llvm::Expected<std::string> read_text(const std::string &path) {
  if (ends_with(path, ".gz"))
    return unpack_gzip(path);
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return wrong(path, "cannot be opened");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  return ends_with(path, ".xz") ? unpack_xz(path, text) : text;
}

llvm::Expected<std::vector<int64_t>> read_numbers(const std::string &path) {
  auto text = read_text(path);
  if (!text)
    return text.takeError();
  std::vector<int64_t> out;
  const char *at = text->data(), *const end = at + text->size();
  for (;;) {
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
      ++at;
    if (at == end)
      return out;
    int64_t value = 0;
    auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc())
      return wrong(path, llvm::formatv("number {0} is none", out.size() + 1).str());
    out.push_back(value);
    at = next;
  }
}

llvm::Expected<size_t> Table::column(std::string_view name) const {
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i] == name)
      return i;
  return llvm::createStringError(llvm::inconvertibleErrorCode(), "no column " + std::string(name));
}

llvm::Expected<Table> read_table(const std::string &path) {
  auto text = read_text(path);
  if (!text)
    return text.takeError();
  Table table;
  for (size_t begin = 0; begin < text->size();) {
    size_t end = std::min(text->find('\n', begin), text->size());
    std::string_view line(text->data() + begin, end - begin);
    begin = end + 1;
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    if (line.empty())
      continue;
    if (table.columns.empty()) {
      table.columns = cells(line);
      continue;
    }
    table.rows.push_back(cells(line));
    if (table.rows.back().size() != table.columns.size())
      return wrong(path,
                   llvm::formatv("row {0} has {1} cells, there are {2} columns", table.rows.size(),
                                 table.rows.back().size(), table.columns.size())
                       .str());
  }
  return table;
}

std::string data_file(std::string_view file) {
  const char *shared = std::getenv("NEMO_SHARED");
  return std::string(shared && *shared ? shared : "../shared") + "/data/placement/" +
         std::string(file);
}

} // namespace nemo::bench
