#pragma once

#include <memory>
#include <vector>

#include "tests/simulation/bookie_node.h"
#include "tests/simulation/client_node.h"

namespace quire::simulation {

// Who takes part in a history. Outlived by what they live in.
struct Cast {
  std::vector<std::unique_ptr<BookieNode>> bookies;
  std::unique_ptr<WriterNode> writer;               // of the ledger that the history is about
  std::unique_ptr<WriterNode> second_writer;        // of a ledger that is deleted; null: none
  std::vector<std::unique_ptr<ClientNode>> others;  // recoverers, tailers, the deleter
};

}  // namespace quire::simulation
