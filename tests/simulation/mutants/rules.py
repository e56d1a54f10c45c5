"""The mutation list of the protocol: each rule, and the edits that break it while Mutant(number) holds.

An edit is (file, text, replacement). The text has to occur exactly once in the file as the edits before it
left it: code that moves takes its mutants along, or the build says which edit it lost.
"""

WRITE = "client/write_protocol.cc"
CHANGE = "client/ensemble_change.cc"
RECOVERY = "client/recovery.cc"
RECOVERY_PROTOCOL = "client/recovery_protocol.cc"
RECOVERY_READS = "client/recovery_reads.cc"
UPDATE = "metadata/ledger_update.cc"
CREATION = "metadata/ledger_creation.cc"
LEDGER = "metadata/ledger_metadata.cc"
QUORUM = "protocol/quorum.cc"
ADDS = "bookie/adds.cc"
READS = "bookie/reads.cc"
BOOKIE = "tests/simulation/simple_bookie.cc"
NODE = "tests/simulation/bookie_node.cc"
HISTORY = "tests/simulation/history.cc"


class Rule:
    """One mutant. `profiles`: of the histories that find it. `harmless`: why nothing can find it."""

    def __init__(self, number, what, profiles, edits, harmless=""):
        self.number = number
        self.what = what
        self.profiles = profiles.split()
        self.edits = edits
        self.harmless = harmless


RULES = [
    Rule(1, "recovery reads do not fence (T-01)", "focused", [
        (RECOVERY, "  request.entries = entries;\n  request.fence = true;",
         "  request.entries = entries;\n  request.fence = !Mutant(1);")]),
    Rule(2, "recovery adds carry the recoverer's LAC (T-12)", "focused", [
        (RECOVERY_PROTOCOL, "        ++recovered_;\n",
         """        ++recovered_;
        if (Mutant(2)) {
          protocol::EntryHeader header = protocol::PeekEntryHeader(bytes);
          header.lac = std::max(header.lac, writes_->confirmed());
          protocol::SealEntry(header, bytes);
        }
""")]),
    Rule(3, "a denial does not wait for the fence (T-03)", "focused", [
        (BOOKIE, "    reply.answers.push_back(Answer(*ledger, request.entries[i]));\n",
         """    reply.answers.push_back(Answer(*ledger, request.entries[i]));
    if (Mutant(3) && reply.answers.back().code != Code::kOk) lsn = 0;
"""),
        (BOOKIE, "  WhenDurable(lsn, [reply = std::move(reply)",
         "  if (Mutant(3) && reply.code == Code::kNoLedger) lsn = 0;\n"
         "  WhenDurable(lsn, [reply = std::move(reply)")]),
    Rule(4, "fences are not journaled (T-04)", "uniform full", [
        (BOOKIE, "  return Append({.kind = Kind::kFence",
         """  if (Mutant(4)) {
    ledgers_[id].fenced = true;
    ledgers_[id].key = key;
    WakePolls(id);
    return Lsn{0};
  }
  return Append({.kind = Kind::kFence"""),
        # The same in the real bookie.
        (READS, "    record.shut_lsn =\n        core_.Append(",
         "    record.shut_lsn = Mutant(4) ? 0 :\n        core_.Append(")]),
    Rule(5, "an add is acknowledged before its sync (T-18)", "uniform full", [
        (BOOKIE, "  WhenDurable(lsn, [codes = std::move(codes)",
         "  if (Mutant(5)) lsn = 0;\n  WhenDurable(lsn, [codes = std::move(codes)"),
        # The same in the real bookie.
        (ADDS, "  core_.replies.Wait(core_.journal->last(),",
         "  core_.replies.Wait(Mutant(5) ? 0 : core_.journal->last(),")]),
    Rule(6, "one denial ends recovery (T-02)", "uniform", [
        (RECOVERY_READS, "tally.negatives >= protocol::NegativeQuorum(replication_)",
         "tally.negatives >= (Mutant(6) ? 1 : protocol::NegativeQuorum(replication_))")]),
    Rule(7, "a timeout counts as a denial (T-15)", "uniform", [
        (RECOVERY_READS, "  if (protocol::IsNegative(code)) ++tally.negatives;",
         "  if (protocol::IsNegative(code) || (Mutant(7) && code == Code::kTimeout)) ++tally.negatives;")]),
    # One entry at a time, so that reads come after replacements also in short ledgers.
    Rule(8, "recovery reads the ensemble that it changed (T-11)", "uniform", [
        (RECOVERY_READS, "  const std::size_t bound = std::clamp(kWindowBytes / largest_, "
         "kSmallestWindow, kLargestWindow);",
         """  const std::size_t bound =
      Mutant(8) ? 1 : std::clamp(kWindowBytes / largest_, kSmallestWindow, kLargestWindow);"""),
        (RECOVERY, "  const auto bookie = protocol_.frozen()[static_cast<std::size_t>(slot)];\n"
         "  protocol::ReadRequest request;",
         """  const auto bookie = Mutant(8) ? protocol_.writes().BookieOf(slot)
                                : protocol_.frozen()[static_cast<std::size_t>(slot)];
  protocol::ReadRequest request;""")]),
    Rule(9, "recovery publishes its ensembles before it closes (T-11)", "uniform", [
        (LEDGER, "Result<void> CheckTransition(const LedgerMetadata& from, const LedgerMetadata& to) {\n",
         """Result<void> CheckTransition(const LedgerMetadata& from, const LedgerMetadata& to) {
  if (Mutant(9) || Mutant(18)) return {};
"""),
        (RECOVERY, "    protocol_.OnAdd({ticket.entry, ticket.slot, ticket.generation}, code, effects);\n",
         """    const std::size_t before = Mutant(9) ? protocol_.writes().segments().size() : 0;
    protocol_.OnAdd({ticket.entry, ticket.slot, ticket.generation}, code, effects);
    if (!Mutant(9) || protocol_.writes().segments().size() == before) return;
    metadata::LedgerUpdate publish;
    publish.needs = [](const metadata::LedgerMetadata& ledger) -> common::Result<bool> {
      return ledger.state == metadata::LedgerState::kInRecovery;
    };
    publish.transform = [segments = protocol_.writes().segments()](
                            const metadata::LedgerMetadata& ledger)
        -> common::Result<metadata::LedgerMetadata> {
      metadata::LedgerMetadata next = ledger;
      for (const auto& [first, ensemble] : segments) next.segments[first] = ensemble;
      return next;
    };
    services_.ledgers.Update(protocol_.ledger(), publish, services_.timing.metadata, [](auto) {});
"""),
        (RECOVERY_PROTOCOL, "    if (ledger.LastSegmentFirst() != claimed->LastSegmentFirst() ||",
         "    if (!Mutant(9) && (ledger.LastSegmentFirst() != claimed->LastSegmentFirst() ||"),
        (RECOVERY_PROTOCOL, "        ledger.LastEnsemble() != claimed->LastEnsemble()) {",
         "        ledger.LastEnsemble() != claimed->LastEnsemble())) {")]),
    Rule(10, "recovery closes before its write-back is done", "uniform", [
        (RECOVERY_PROTOCOL, "  if (!writes_->idle()) return;  // OnAdd comes back here\n",
         """  if (!writes_->idle() && !Mutant(10)) return;  // OnAdd comes back here
  if (phase_ != Phase::kCopying) return;
"""),
        (RECOVERY_PROTOCOL, "  const EntryId last = writes_->confirmed();\n  if (recovered_ == 0",
         "  const EntryId last = Mutant(10) ? writes_->next() - 1 : writes_->confirmed();\n"
         "  if (recovered_ == 0"),
        (RECOVERY_PROTOCOL, "  const EntryId last = writes_->confirmed();\n  metadata::LedgerUpdate update;",
         "  const EntryId last = Mutant(10) ? writes_->next() - 1 : writes_->confirmed();\n"
         "  metadata::LedgerUpdate update;")]),
    Rule(11, "appends are confirmed while the ensemble changes (T-06)", "uniform", [
        (WRITE, "void WriteProtocol::TryConfirm(WriteEffects& effects) {\n  if (changing_) return;",
         "void WriteProtocol::TryConfirm(WriteEffects& effects) {\n  if (changing_ && !Mutant(11)) return;")]),
    Rule(12, "acks of a replaced slot stay valid (T-08)", "uniform", [
        (WRITE, "      if (!touched.Contains(slot)) continue;\n      pending_.at(entry).acks.Erase(slot);",
         """      if (!touched.Contains(slot)) continue;
      if (Mutant(12) && pending_.at(entry).acks.Contains(slot)) continue;
      pending_.at(entry).acks.Erase(slot);""")]),
    Rule(13, "replies are told apart by bookie instead of generation (T-09)", "uniform", [
        (WRITE, "void WriteProtocol::SendTo(EntryId entry, int slot, WriteEffects& effects) {\n",
         """thread_local std::map<std::tuple<const void*, int, std::uint32_t>, protocol::BookieId> sent_to;

void WriteProtocol::SendTo(EntryId entry, int slot, WriteEffects& effects) {
  const auto here = static_cast<std::size_t>(slot);
  sent_to[{this, slot, generation_[here]}] = ensemble_[here];
"""),
        (WRITE, "  if (!Live() || !IsCurrent(send)) return;",
         """  const bool same_bookie = sent_to[{this, send.slot, send.generation}] ==
                           ensemble_[static_cast<std::size_t>(send.slot)];
  if (!Live() || !(Mutant(13) ? same_bookie : IsCurrent(send))) return;""")],
        harmless="every send is an rpc of its own, so a bookie that answers an old one holds the bytes; "
                 "and a slot that begins anew sends everything again"),
    Rule(14, "appends are confirmed out of order", "uniform", [
        (WRITE, "        if (send.entry == pending_.first()) TryConfirm(effects);",
         """        if (Mutant(14) && pending_.at(send.entry).acks.size() >= replication_.ack_quorum) {
          while (pending_.first() <= send.entry) {
            confirmed_length_ = protocol::PeekEntryHeader(pending_.front().bytes).length;
            pending_.Confirm();
          }
        }
        if (send.entry == pending_.first()) TryConfirm(effects);""")]),
    Rule(15, "the new segment starts above the last entry sent", "uniform", [
        (WRITE, "  change_.start = lac() + 1;",
         "  change_.start = Mutant(15) ? pending_.next() : lac() + 1;")]),
    Rule(16, "a lost answer of the metadata store counts as success (T-26)", "uniform", [
        (UPDATE, "    case Errc::kAmbiguous: return StoreIsAway",
         """    case Errc::kAmbiguous:
      if (Mutant(16)) return Finish(VersionedLedger{next, Version{local_.version.value + 1}});
      return StoreIsAway""")]),
    Rule(17, "a lost answer counts as failure, and the old ensemble is used on (T-26)", "uniform", [
        (UPDATE, "  if (result) return Finish(VersionedLedger{next, *result});",
         """  if (Mutant(17) && !result && result.error().code() == Errc::kAmbiguous) {
    return Finish(Fail(Errc::kMetadataUnavailable));
  }
  if (result) return Finish(VersionedLedger{next, *result});"""),
        (WRITE, "  if (!result) {\n    Error error = std::move(result).error();\n",
         """  if (Mutant(17) && !result && result.error().code() == Errc::kMetadataUnavailable) {
    for (const auto& [slot, bookie] : change_.replacing) touched_.Insert(slot);
    return Restart(touched_, effects);
  }
  if (!result) {
    Error error = std::move(result).error();
""")]),
    Rule(18, "a writer changes the ensemble of a ledger in recovery", "uniform", [
        (CHANGE, "      case LedgerState::kInRecovery: return Fail(Errc::kFenced);",
         """      case LedgerState::kInRecovery:
        if (Mutant(18)) break;
        return Fail(Errc::kFenced);"""),
        (RECOVERY_PROTOCOL, "    if (!Mutant(9) && (ledger", "    if (!Mutant(9) && !Mutant(18) && (ledger")]),
    Rule(19, "metadata are written over any version (T-31)", "uniform", [
        (UPDATE, "    case Errc::kBadVersion:\n",
         """    case Errc::kBadVersion:
      if (Mutant(19)) {
        return store_.Read(LedgerStore::Path(mutation_.id),
                           WhileAlive([this, next](Result<Versioned> read) {
                             if (!read) return ReadBack(std::move(read));
                             local_.version = read->version;
                             Swap(next);
                           }));
      }
""")]),
    Rule(20, "recovery begins below the last segment (T-13)", "uniform", [
        (RECOVERY_PROTOCOL, "std::max(highest_lac_, ledger_.value->LastSegmentFirst() - 1);",
         "Mutant(20) ? highest_lac_ : std::max(highest_lac_, ledger_.value->LastSegmentFirst() - 1);")]),
    Rule(21, "recovery closes when bookies are missing (T-22)", "uniform", [
        (RECOVERY_PROTOCOL, "!result) {\n    return Abort(std::move(result).error(), effects);",
         """!result) {
    if (Mutant(21) && result.error().code() == Errc::kNotEnoughBookies) {
      recovered_ = 0;
      phase_ = writes_->confirmed() > protocol::kNoEntry ? Phase::kMeasuring : Phase::kClosing;
      length_ = 0;
      effects.sends.clear();
      if (phase_ == Phase::kMeasuring) effects.read_length = writes_->confirmed();
      effects.close = phase_ == Phase::kClosing;
      return;
    }
    return Abort(std::move(result).error(), effects);""")]),
    Rule(22, "limbo denies (T-17)", "uniform", [
        (BOOKIE, "  return {ledger.limbo ? Code::kUnknown : Code::kNoEntry, {}};",
         "  return {ledger.limbo && !Mutant(22) ? Code::kUnknown : Code::kNoEntry, {}};")]),
    Rule(23, "a ledger that was never seen is not fenced", "focused full-focused", [
        (BOOKIE, "  if (ledger != nullptr) {\n    if (ledger->deleted || ledger->fenced) {",
         """  if (ledger == nullptr && Mutant(23)) return Lsn{0};
  if (ledger != nullptr) {
    if (ledger->deleted || ledger->fenced) {"""),
        # The same in the real bookie.
        (READS, "  LedgerRecord& record = core_.ledgers.Get(ledger, key);\n  if (!record.state.fenced) {",
         """  if (Mutant(23) && core_.ledgers.Find(ledger) == nullptr) return Lsn{0};
  LedgerRecord& record = core_.ledgers.Get(ledger, key);
  if (!record.state.fenced) {""")]),
    Rule(24, "a fence refuses recovery adds (T-35)", "uniform full", [
        (BOOKIE, "    if ((ledger->fenced || ledger->limbo) && !add.recovery) return {Code::kFenced};",
         "    if ((ledger->fenced || ledger->limbo) && (!add.recovery || Mutant(24))) return {Code::kFenced};"),
        # The same in the real bookie.
        (ADDS, "    if ((state.fenced || state.limbo) && !entry.recovery) return Code::kFenced;",
         "    if ((state.fenced || state.limbo) && (!entry.recovery || Mutant(24))) return Code::kFenced;")]),
    Rule(25, "coverage is counted as if Qw were E (T-02)", "uniform", [
        (QUORUM, "bool Covered(const Replication& r, SlotSet known) {\n",
         """bool Covered(const Replication& r, SlotSet known) {
  if (quire::simulation::Mutant(25)) {
    return known.size() >= r.ensemble - r.ack_quorum + 1;
  }
""")],
        harmless="every recovery read fences, so that coverage is only a hint where to begin "
                 "(specification 1.7)"),
    # The fence's object and the add's: the second does not know of the fence.
    Rule(26, "a bookie has two objects of one ledger (T-05)", "focused full-focused", [
        (BOOKIE, "    if ((ledger->fenced || ledger->limbo) && (!add.recovery",
         "    const bool second = Mutant(26) && ledger->entries.empty();\n"
         "    if ((ledger->fenced || ledger->limbo) && !second && (!add.recovery"),
        # The same in the real bookie.
        (ADDS, "    if ((state.fenced || state.limbo) && (!entry",
         "    const bool second = Mutant(26) && state.last_entry == protocol::kNoEntry;\n"
         "    if ((state.fenced || state.limbo) && !second && (!entry")]),
    Rule(27, "a close writes the segments as the writer knew them (T-23)", "uniform", [
        (WRITE, "  update.transform = [last,\n",
         "  update.transform = [last, cached = ledger_.value,\n"),
        (WRITE, "    LedgerMetadata next = ledger;\n    next.state = LedgerState::kClosed;",
         "    LedgerMetadata next = ledger;\n    if (Mutant(27)) next.segments = cached->segments;\n"
         "    next.state = LedgerState::kClosed;")],
        harmless="nothing else changes the segments of an open ledger yet, and the check before every "
                 "compare-and-swap refuses to lose or change one"),
    Rule(28, "who loses the race to close keeps its own end", "uniform", [
        (RECOVERY_PROTOCOL, "  if (phase_ == Phase::kClosing) Finish(std::move(result), effects);",
         """  if (Mutant(28) && phase_ == Phase::kClosing && result) {
    auto own = std::make_shared<LedgerMetadata>(*result->value);
    own->last_entry = writes_->confirmed();
    result->value = own;
  }
  if (phase_ == Phase::kClosing) Finish(std::move(result), effects);""")]),
    Rule(29, "space is collected on stale reads of the metadata (T-30)", "full", [
        (HISTORY, "  for (const auto& bookie : cast_.bookies) bookie->Start();\n",
         "  if (Mutant(29)) metadata_.UseStaleReads();\n"
         "  for (const auto& bookie : cast_.bookies) bookie->Start();\n")]),
    Rule(30, "a second entry of the same id replaces the first (T-37)", "uniform full", [
        (BOOKIE, "    if (entry != ledger->entries.end()) {",
         "    if (entry != ledger->entries.end() && !Mutant(30)) {"),
        # The same in the real bookie.
        (ADDS, "  if (entry.bytes == kept) return Code::kOk;",
         "  if (entry.bytes == kept || Mutant(30)) return Code::kOk;")]),
    Rule(31, "a wiped bookie comes back as if it had all (T-17)", "focused", [
        (NODE, "  id_ = protocol::BookieId::Make(environment_.scheduler.random());\n}",
         "  if (!Mutant(31)) id_ = protocol::BookieId::Make(environment_.scheduler.random());\n}")]),
    Rule(32, "a create that finds its id taken adopts the stranger's ledger (T-26)", "uniform", [
        (CREATION, "  if (!found || found->key != ledger_.key) return DrawId();",
         "  if (!found || (found->key != ledger_.key && !Mutant(32))) return DrawId();")]),
    Rule(33, "an entry is visible only when it is durable", "uniform", [
        (BOOKIE, "  Apply(kept, lsn);\n",
         """  if (Mutant(33) && kept.kind == Kind::kEntry) {
    WhenDurable(lsn, [this, lsn] { Apply(disk_.at(lsn), lsn); });
  } else {
    Apply(kept, lsn);
  }
""")]),
]
