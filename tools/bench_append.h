#pragma once

#include <memory>

#include "tools/bench_ledgers.h"
#include "tools/bench_load.h"
#include "tools/bench_options.h"

namespace quire::tools {

// Appends to the ledgers, which must outlive it. With options.rate an open loop: appends begin when
// they are due and are measured from then. Without, a closed loop: options.window of them are in
// flight, and each acknowledgement issues the next. The ledgers are rolled as the options say.
// `stamped`: the first eight bytes of a payload say when the append was due (steady clock,
// nanoseconds).
std::unique_ptr<Load> MakeAppendLoad(BenchLedgers& ledgers, const BenchOptions& options,
                                     bool stamped);

}  // namespace quire::tools
