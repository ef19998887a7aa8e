#include "base/version.h"

#include "nemo_version.h"

namespace nemo {

const char *version_number() { return NEMO_NUMBER; }
const char *version_text() { return NEMO_VERSION; }
const char *version_date() { return NEMO_DATE; }

} // namespace nemo
