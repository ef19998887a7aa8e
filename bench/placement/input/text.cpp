#include "bench/placement/input/text.h"

#include <charconv>
#include <cstdlib>
#include <memory>

#include <archive.h>
#include <archive_entry.h>

#include "llvm/Support/FormatVariadic.h"

namespace nemo::bench {

namespace {

constexpr size_t largest = size_t{1} << 30;

llvm::Error wrong(const std::string &path, const std::string &what) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), path + ": " + what);
}

struct Close {
  void operator()(archive *handle) const { ::archive_read_free(handle); }
};
using Handle = std::unique_ptr<archive, Close>;

llvm::Expected<Handle> open(const std::string &path, bool as_tar) {
  Handle handle(::archive_read_new());
  if (!handle)
    return wrong(path, "no memory to read it");
  ::archive_read_support_filter_gzip(handle.get());
  ::archive_read_support_filter_xz(handle.get());
  if (as_tar)
    ::archive_read_support_format_tar(handle.get());
  else
    ::archive_read_support_format_raw(handle.get());
  ::archive_read_support_format_empty(handle.get());
  if (::archive_read_open_filename(handle.get(), path.c_str(), 1 << 20) != ARCHIVE_OK)
    return wrong(path, ::archive_error_string(handle.get()));
  return handle;
}

llvm::Expected<std::string> contents(const std::string &path, archive *handle) {
  std::string text, block(1 << 20, '\0');
  for (;;) {
    const la_ssize_t count = ::archive_read_data(handle, block.data(), block.size());
    if (count == 0)
      return text;
    if (count < 0)
      return wrong(path, ::archive_error_string(handle));
    text.append(block, 0, static_cast<size_t>(count));
    if (text.size() > largest)
      return wrong(path, "more than 1 GiB when unpacked");
  }
}

// Quotes around a cell let it hold the separator; they are no part of it.
std::vector<std::string> cells(std::string_view line, char separator) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (char c : line)
    if (c == '"')
      quoted = !quoted;
    else if (c == separator && !quoted)
      out.emplace_back();
    else
      out.back() += c;
  return out;
}

} // namespace

llvm::Expected<std::string> read_text(const std::string &path) {
  auto handle = open(path, false);
  if (!handle)
    return handle.takeError();
  archive_entry *entry = nullptr;
  const int state = ::archive_read_next_header(handle->get(), &entry);
  if (state == ARCHIVE_EOF)
    return std::string();
  if (state != ARCHIVE_OK)
    return wrong(path, ::archive_error_string(handle->get()));
  return contents(path, handle->get());
}

llvm::Expected<std::vector<Member>> read_members(const std::string &path) {
  auto handle = open(path, true);
  if (!handle)
    return handle.takeError();
  std::vector<Member> out;
  for (;;) {
    archive_entry *entry = nullptr;
    const int state = ::archive_read_next_header(handle->get(), &entry);
    if (state == ARCHIVE_EOF)
      return out;
    if (state != ARCHIVE_OK)
      return wrong(path, ::archive_error_string(handle->get()));
    if (::archive_entry_filetype(entry) != AE_IFREG)
      continue;
    auto text = contents(path, handle->get());
    if (!text)
      return text.takeError();
    out.push_back({::archive_entry_pathname(entry), std::move(*text)});
  }
}

llvm::Expected<std::vector<int64_t>> read_numbers(const std::string &path) {
  auto text = read_text(path);
  if (!text)
    return text.takeError();
  return numbers_of(*text, path);
}

llvm::Expected<std::vector<int64_t>> numbers_of(std::string_view text, const std::string &path) {
  std::vector<int64_t> out;
  const char *at = text.data(), *const end = at + text.size();
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
  char separator = ',';
  for (size_t begin = 0; begin < text->size();) {
    size_t end = std::min(text->find('\n', begin), text->size());
    std::string_view line(text->data() + begin, end - begin);
    begin = end + 1;
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    if (line.empty())
      continue;
    if (table.columns.empty()) {
      separator = line.find('\t') == std::string_view::npos ? ',' : '\t';
      table.columns = cells(line, separator);
      continue;
    }
    table.rows.push_back(cells(line, separator));
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
