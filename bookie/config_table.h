#pragma once

#include <vector>

#include "bookie/config_option.h"

namespace quire::bookie {

// Every option of a bookie, in the order of --help. The one place that knows its name, unit, range
// and reason; its default is that of Config. To add one, add a row.
const std::vector<Option>& ConfigTable();

}  // namespace quire::bookie
