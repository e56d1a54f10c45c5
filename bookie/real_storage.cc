#include "bookie/shard_options.h"

namespace quire::bookie {

Storage RealStorage() {
  return {.open_store = &Store::Open, .open_journal = &Journal::Open};
}

}  // namespace quire::bookie
