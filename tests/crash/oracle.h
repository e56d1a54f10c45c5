#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/messages.h"

namespace quire::crash {

// What the bookie has promised in its answers, and what else may be true: an add that was not
// answered may be there or not, until a restart has shown which; from then on that holds like a
// promise, since nothing that a start-up found may be lost by a later crash, and nothing it did not
// find may come back. The first broken promise is kept and everything after it ignored.
//
// A value: a copy is what was known at that moment. Requests are noted before they are made; what
// their answers are measured by is returned and given back with the answer.
class Oracle {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  using LedgerId = protocol::LedgerId;
  using EntryId = protocol::EntryId;

  struct Candidate {
    Bytes bytes;
    int adds = 0;        // not answered, or answered kUnknown
    int recoveries = 0;  // of them, recovery adds
  };
  struct Entry {
    std::vector<Candidate> candidates;  // at most one of these is there
    bool promised = false;              // the only candidate is there
  };
  struct Ledger {
    std::map<EntryId, Entry> entries;
    bool known = false;         // promised to be known
    bool fence_asked = false;   // may be fenced
    bool fenced = false;        // promised
    bool delete_asked = false;  // may be deleted: its record says so, or has gone
    bool buried = false;        // the bookie has said so, and takes nothing more for it
    bool deleted = false;       // promised: said in an answer that waits for the disk
    bool limbo = false;
    EntryId lac = protocol::kNoEntry;       // promised
    EntryId most_lac = protocol::kNoEntry;  // the highest that may be true
  };

  // The state of a ledger that every answer is measured by.
  struct Asked {
    LedgerId ledger;
    bool known = false;
    bool fenced = false;
    bool buried = false;
    bool failed = false;  // the bookie had failed before
    EntryId lac = protocol::kNoEntry;
  };
  struct AskedAdd : Asked {
    EntryId entry;
    Bytes bytes;
    bool recovery = false;
    bool wrong_key = false;
  };
  struct AskedRead : Asked {
    bool fence = false;
    std::vector<EntryId> ids;
    std::vector<bool> promised;
  };
  struct AskedLac : Asked {
    bool fence = false;
    EntryId value;  // of WriteLac
  };

  // With a fault injected an answer may be kUnknown or kReadOnly.
  void set_faults(bool faults) { faults_ = faults; }
  // Of requests made from now on: the bookie has said that it failed.
  void set_failed(bool failed) { failed_ = failed; }

  void SetLimbo(LedgerId ledger);
  AskedAdd Add(LedgerId ledger, EntryId entry, Bytes bytes, bool recovery, bool wrong_key);
  void Answer(const AskedAdd& add, protocol::Code code);
  AskedRead Read(LedgerId ledger, std::vector<EntryId> ids, bool fence);
  void Answer(const AskedRead& read, const protocol::ReadReply& reply);
  AskedLac Lac(LedgerId ledger, bool fence);
  void Answer(const AskedLac& lac, const protocol::LacReply& reply);
  AskedLac WriteLac(LedgerId ledger, EntryId value);
  void Answer(const AskedLac& lac, const protocol::WriteLacReply& reply);
  void Answer(LedgerId ledger, const protocol::ListEntriesReply& reply);
  // The cluster deletes it, and the bookie will find out.
  void Delete(LedgerId ledger);
  // LSNs only grow, over crashes too.
  void Saw(const protocol::BookieStatus& status);

  // What a ledger looks like after a restart.
  struct Found {
    bool known = false;
    bool deleted = false;
    bool fenced = false;
    EntryId lac = protocol::kNoEntry;
    std::map<EntryId, std::string> entries;
  };
  // The process died: no answer is on its way any more.
  void Restarted();
  // Measures what was found by the promises, and takes it as the truth from now on.
  void Settle(LedgerId ledger, Found found);

  const std::map<LedgerId, Ledger>& ledgers() const { return ledgers_; }
  bool limbo(LedgerId ledger) const;

  void Violate(std::string what);
  void Violate(LedgerId ledger, std::string_view what);
  void Violate(LedgerId ledger, EntryId entry, std::string_view what);
  const std::string& violation() const { return violation_; }
  bool broken() const { return !violation_.empty(); }

 private:
  Asked Ask(LedgerId ledger);
  void Accepted(const AskedAdd& add, Ledger& ledger);
  void Denied(const Asked& asked, bool fence, Ledger& ledger);
  void Refused(const AskedAdd& add, protocol::Code code, Ledger& ledger);
  void Measure(LedgerId id, const Ledger& ledger, const Found& found);
  static const Candidate* Find(const Entry& entry, std::string_view bytes);

  std::map<LedgerId, Ledger> ledgers_;
  std::int64_t journal_lsn_ = 0;
  std::int64_t stored_lsn_ = 0;
  bool faults_ = false;
  bool failed_ = false;
  std::string violation_;
};

}  // namespace quire::crash
