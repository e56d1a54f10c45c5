#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/client.h"
#include "common/error.h"

namespace quire::tools {

enum class OutputForm { kTable, kJson };

// What every command shares: the global flags, and the command that was chosen. The parser fills
// it, main runs it. Main thread.
struct Session {
  std::string metadata;  // --metadata or QUIRE_METADATA
  OutputForm output = OutputForm::kTable;
  std::function<int()> command;  // returns the exit status

  // A client of the cluster that --metadata names. kInvalidArgument when none is named.
  common::Result<std::unique_ptr<client::Client>> Connect() const;
  // "--metadata" or why not.
  common::Result<std::string> MetadataUri() const;

  bool json() const { return output == OutputForm::kJson; }
};

}  // namespace quire::tools
