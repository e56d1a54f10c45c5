#pragma once

#include <memory>
#include <string>

#include "tools/bench_load.h"
#include "tools/bench_options.h"

namespace quire::tools {

// Ledgers that live shortly: options.writers threads, each with a client of its own, create one,
// append options.batch entries, close and delete it, and so on. An operation is one such life.
std::unique_ptr<Load> MakeChurnLoad(std::string metadata_uri, const BenchOptions& options);

}  // namespace quire::tools
