// One manual page in man(7) macros, readable by groff and mandoc alike. Every text is escaped here,
// so that nothing from a table can be taken for a request.
#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"

namespace nemo::cli::manual {

class Page {
public:
  Page(llvm::StringRef name, int section, llvm::StringRef summary);

  void section(llvm::StringRef title);
  void subsection(llvm::StringRef title);
  void paragraph(llvm::StringRef text); ///< `words` in backticks are set bold
  /// A line of `\fB` and `\fI` made by bold() and italic(), and what it means.
  void entry(const std::string &tag, llvm::StringRef text);
  void line(const std::string &marked_up); ///< a paragraph that is marked up already
  void example(const std::vector<std::string> &lines);
  void see_also(const std::vector<std::string> &pages); ///< "nemo(1)"

  const std::string &file_name() const { return file_name_; }
  const std::string &text() const { return text_; }

private:
  void begin_paragraph();
  std::string file_name_, text_;
  bool after_heading_ = false;
};

std::string plain(llvm::StringRef text);
std::string bold(llvm::StringRef text);
std::string italic(llvm::StringRef text);

} // namespace nemo::cli::manual
