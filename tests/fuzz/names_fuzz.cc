// Names that are numbers: file names, ids in hexadecimal, nodes of the metadata store. What is
// taken has one spelling, the one that is written. Input: the name.

#include <algorithm>
#include <cctype>
#include <string>

#include "bookie/journal_format.h"
#include "bookie/segment_format.h"
#include "common/check.h"
#include "metadata/ledger_path.h"
#include "metadata/tree_path.h"
#include "protocol/uuid.h"
#include "tests/fuzz/fuzz_target.h"

namespace quire::fuzz {
namespace {

void CheckUuid(std::string_view name) {
  if (const auto id = protocol::FromHex<protocol::BookieId>(name)) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    QUIRE_CHECK(protocol::ToHex(*id) == lower);
    QUIRE_CHECK(protocol::FromBytes<protocol::BookieId>(protocol::ToBytes(*id)) == id);
  }
  if (const auto id = protocol::FromBytes<protocol::BookieId>(name)) {
    QUIRE_CHECK(protocol::ToBytes(*id) == name);
    QUIRE_CHECK(protocol::FromHex<protocol::BookieId>(protocol::ToHex(*id)) == id);
  }
}

void CheckFiles(std::string_view name) {
  if (const auto epoch = bookie::ParseJournalFileName(name)) {
    QUIRE_CHECK(bookie::JournalFileName(*epoch) == name);
  }
  if (const auto id = bookie::ParseSegmentName(name)) {
    QUIRE_CHECK(bookie::SegmentName(*id) == name);
  }
}

// The parent and the name of a path make it up again, and the parent is a path.
void CheckTree(std::string_view name) {
  if (const auto part = metadata::ParseLedgerPathPart(name)) {
    QUIRE_CHECK(metadata::LedgerPathPart(*part) == name);
  }
  if (!metadata::CheckPath(name) || name == "/") return;
  const std::string parent(metadata::ParentPath(name));
  const std::string_view node = metadata::NodeName(name);
  QUIRE_CHECK(!node.empty() && node.find('/') == std::string_view::npos);
  QUIRE_CHECK((parent == "/" ? "" : parent) + "/" + std::string(node) == name);
  QUIRE_CHECK(metadata::CheckPath(parent).has_value());
}

}  // namespace

void Run(std::string_view input) {
  CheckUuid(input);
  CheckFiles(input);
  CheckTree(input);
}

}  // namespace quire::fuzz
