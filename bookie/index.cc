#include "bookie/index.h"

#include <utility>

namespace quire::bookie {

using common::Errc;
using common::Fail;
using common::Result;
using protocol::LedgerId;

Result<std::unique_ptr<Index>> Index::Open(const std::string& path, void* env,
                                           std::uint64_t memory_bytes, protocol::BookieId bookie) {
  auto db = IndexDb::Open(path, env, memory_bytes);
  if (!db) return Fail(std::move(db).error());
  std::unique_ptr<Index> index(new Index(std::move(*db)));
  if (auto loaded = index->Load(); !loaded) {
    return Fail(loaded.error().code(), "index " + path + ": " + loaded.error().context() +
                                           " (make a new one out of the segments with 'quire "
                                           "disk rebuild-index')");
  }
  protocol::BookieId& owner = index->record_.bookie;
  if (!owner.is_nil() && !bookie.is_nil() && owner != bookie) {
    return Fail(Errc::kWrongBookie, "index " + path + " is that of bookie " + ToHex(owner) +
                                        ", not of bookie " + ToHex(bookie) +
                                        "; put each one back to where it was");
  }
  if (!bookie.is_nil()) owner = bookie;  // goes out with the next commit
  return index;
}

Result<void> Index::Load() {
  // Extents, nearly all of the index, are passed over: 'E' sorts before the kinds that are read
  // here.
  const auto cursor = db_->NewCursor(IndexDb::Scope::kAll);
  bool committed = false;
  for (cursor->Seek("F"); cursor->valid(); cursor->Next()) {
    const std::string_view key = cursor->key();
    const auto content = OpenValue(key, cursor->value());
    if (!content) return Fail(content.error());
    if (const auto ledger = ParseNumberKey(key, 'L')) {
      auto state = DecodeState(*content);
      if (!state) return Fail(std::move(state).error());
      states_.emplace(LedgerId(static_cast<std::int64_t>(*ledger)), *state);
    } else if (const auto segment = ParseNumberKey(key, 'S')) {
      auto space = DecodeSpace(*content);
      if (!space) return Fail(std::move(space).error());
      segments_.emplace(*segment, *space);
    } else if (const auto block = ParseNumberKey(key, 'T')) {
      const auto bits = DecodeTombstones(*content);
      if (!bits) return Fail(bits.error());
      tombstones_.InsertBlock(static_cast<std::int64_t>(*block), *bits);
    } else if (key == kCommitKey) {
      auto record = DecodeCommit(*content);
      if (!record) return Fail(std::move(record).error());
      record_ = *record;
      committed = true;
    } else {
      return Fail(Errc::kCorrupt, "a key of an unknown kind");
    }
  }
  QUIRE_TRY(cursor->status());
  if (committed) return {};
  cursor->Seek("");
  if (cursor->valid()) return Fail(Errc::kCorrupt, "the commit record is missing");
  QUIRE_TRY(cursor->status());
  created_ = true;
  return {};
}

}  // namespace quire::bookie
