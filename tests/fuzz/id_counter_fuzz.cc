// The counter of ledger ids in the metadata store, which people may have touched. Input: its value.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/check.h"
#include "metadata/id_generator.h"
#include "metadata/memory_store.h"
#include "tests/client/manual_loop.h"
#include "tests/fuzz/fuzz_target.h"

namespace quire::fuzz {

void Run(std::string_view input) {
  client::ManualLoop loop;
  metadata::MemoryStore store(loop, std::make_shared<metadata::MemoryTree>());
  store.Create("/ids", std::string(input), metadata::NodeKind::kPersistent,
               [](const common::Result<metadata::Version>& made) { QUIRE_CHECK(made); });
  metadata::IdGenerator generator(loop, store);
  std::optional<common::Result<protocol::LedgerId>> next;
  generator.Next([&](common::Result<protocol::LedgerId> id) { next = std::move(id); });
  loop.Run();
  QUIRE_CHECK(next.has_value());
  std::string after;
  store.Read("/ids", [&](common::Result<metadata::Versioned> read) { after = read.value().value; });
  loop.Run();
  if (*next) {
    // Above what the counter said, and the counter says so.
    QUIRE_CHECK((*next)->value() > 0);
    QUIRE_CHECK(std::stoll(std::string(input)) == (*next)->value() - 1);
    QUIRE_CHECK(after == std::to_string((*next)->value()));
  } else {
    QUIRE_CHECK(next->error().code() == common::Errc::kCorrupt);
    QUIRE_CHECK(after == input);
  }
}

}  // namespace quire::fuzz
