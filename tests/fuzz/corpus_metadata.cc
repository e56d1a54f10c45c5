#include <string>

#include "metadata/bookie_info.h"
#include "metadata/cookie.h"
#include "metadata/ledger_metadata.h"
#include "metadata/value_codec.h"
#include "protocol/wire/metadata_types.h"
#include "tests/fuzz/corpus.h"
#include "tests/metadata/sample_ledger.h"

namespace quire::fuzz {
namespace {

using metadata::LedgerMetadata;
using metadata::LedgerState;
using metadata::SampleBookie;
using protocol::EntryId;

void AddLedger(Corpus& corpus, const char* name, const LedgerMetadata& ledger) {
  corpus.Add("ledger_value", name, metadata::EncodeLedger(ledger));
}

void AddLedgers(Corpus& corpus) {
  const LedgerMetadata open = metadata::SampleLedger();
  AddLedger(corpus, "open", open);
  LedgerMetadata recovered = open;
  recovered.segments[EntryId(7)] = {SampleBookie(4), SampleBookie(2), SampleBookie(3)};
  recovered.state = LedgerState::kInRecovery;
  recovered.recovery_claims = 3;
  AddLedger(corpus, "in-recovery", recovered);
  LedgerMetadata closed = recovered;
  closed.state = LedgerState::kClosed;
  closed.last_entry = EntryId(41);
  closed.length = 12345;
  AddLedger(corpus, "closed", closed);
  LedgerMetadata empty = open;
  empty.state = LedgerState::kClosed;
  empty.custom.clear();
  AddLedger(corpus, "closed-empty", empty);
  LedgerMetadata deleted = closed;
  deleted.state = LedgerState::kDeleted;
  deleted.deleted_ms = 77;
  AddLedger(corpus, "deleted", deleted);
  LedgerMetadata single = open;
  single.replication = {1, 1, 1};
  single.segments[EntryId(0)] = {SampleBookie(1)};
  AddLedger(corpus, "one-bookie", single);
}

}  // namespace

void AddMetadataSeeds(Corpus& corpus) {
  AddLedgers(corpus);
  const metadata::Cookie cookie{{1, 2}, {3, 4}, "host", "/data/bookie", 5};
  corpus.Add("metadata_value", "cookie", metadata::EncodeCookie(cookie));
  const metadata::BookieInfo info{{3, 4}, "host:3181", true};
  corpus.Add("metadata_value", "registration", metadata::EncodeRegistration(info));
  protocol::wire::Instance instance;
  instance.instance = protocol::ToBytes(protocol::InstanceId{5, 6});
  instance.created_ms = 7;
  corpus.Add("metadata_value", "instance",
             metadata::EncodeValue(metadata::ValueKind::kInstance, instance));
  corpus.Add("metadata_value", "ledger", metadata::EncodeLedger(metadata::SampleLedger()));
}

}  // namespace quire::fuzz
