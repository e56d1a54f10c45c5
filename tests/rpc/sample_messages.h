#pragma once

#include "protocol/messages.h"

namespace quire::rpc::testing {

// Requests and replies with every field set to something that is not its default.

inline constexpr protocol::BookieId kBookie{0x0102030405060708, 0x090a0b0c0d0e0f10};
inline constexpr protocol::LedgerKey kKey{0x1112131415161718, 0x191a1b1c1d1e1f20};

inline protocol::ReadRequest SampleReadRequest() {
  return {.bookie = kBookie,
          .deadline_ms = 61234,
          .ledger = protocol::LedgerId(7),
          .entries = {protocol::EntryId(3), protocol::EntryId(1), protocol::EntryId(1LL << 40)},
          .max_bytes = 99,
          .fence = true,
          .key = kKey};
}
inline protocol::ReadReply SampleReadReply() {
  return {.code = protocol::Code::kOk,
          .answers = {{.code = protocol::Code::kOk, .bytes = "an entry"},
                      {.code = protocol::Code::kNoEntry, .bytes = {}},
                      {.code = protocol::Code::kOk, .bytes = {}}}};
}
inline protocol::LacRequest SampleLacRequest() {
  return {.bookie = kBookie,
          .deadline_ms = 60001,
          .ledger = protocol::LedgerId(8),
          .fence = true,
          .key = kKey,
          .known_lac = protocol::EntryId(41),
          .wait_ms = 60'000};
}
inline protocol::LacReply SampleLacReply() {
  return {.code = protocol::Code::kOk, .lac = protocol::EntryId(42), .fenced = true};
}
inline protocol::WriteLacRequest SampleWriteLacRequest() {
  return {.bookie = kBookie,
          .deadline_ms = 60002,
          .ledger = protocol::LedgerId(9),
          .key = kKey,
          .record = "twenty bytes or so.."};
}
inline protocol::WriteLacReply SampleWriteLacReply() {
  return {.code = protocol::Code::kUnauthorized};
}
inline protocol::ListEntriesRequest SampleListEntriesRequest() {
  return {.bookie = kBookie,
          .deadline_ms = 60003,
          .ledger = protocol::LedgerId(10),
          .from = protocol::EntryId(5),
          .max_runs = 6};
}
inline protocol::ListEntriesReply SampleListEntriesReply() {
  return {.code = protocol::Code::kOk,
          .runs = {{.first = protocol::EntryId(5), .count = 2},
                   {.first = protocol::EntryId(9), .count = 1LL << 33}},
          .next_entry = protocol::EntryId(77)};
}
inline protocol::StatusRequest SampleStatusRequest() {
  return {.deadline_ms = 60004};
}
inline protocol::StatusReply SampleStatusReply() {
  return {.code = protocol::Code::kOk,
          .instance = {21, 22},
          .bookies = {{.bookie = kBookie,
                       .directory = "/data/1",
                       .state = "writable",
                       .ledgers = 1,
                       .journal_lsn = 2,
                       .stored_lsn = 3,
                       .journal_bytes = 4,
                       .segment_bytes = 5,
                       .segments = 6,
                       .cache_bytes = 7,
                       .free_bytes = 8}}};
}

}  // namespace quire::rpc::testing
