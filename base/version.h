// Which nemo this is. The build finds out (cmake/version.cmake); one file is compiled anew for it.
#pragma once

namespace nemo {

const char *version_number(); ///< "0.1.0"
const char *version_text();   ///< "0.1.0 (8497a291b60d)", with -dirty; without a commit, the number
const char *version_date();   ///< of the commit, "2026-11-24"; empty if it is not known

} // namespace nemo
