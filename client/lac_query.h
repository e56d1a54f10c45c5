#pragma once

#include <memory>

#include "client/services.h"
#include "client/types.h"

namespace quire::client {

// Asks every bookie of the last ensemble for its LAC and takes the highest once no write set can
// hide a higher one from us (protocol 1.6). kReadFailed when too few answer. Loop thread only.
void QueryLac(Services& services, const metadata::VersionedLedger& ledger,
              common::Callback<common::Result<protocol::EntryId>> done);

}  // namespace quire::client
