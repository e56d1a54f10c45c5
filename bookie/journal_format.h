#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bookie/journal.h"

namespace quire::bookie {

// The journal on disk.
//
// A shard's journal is a row of files `journal-<epoch>.log`, the epoch in 16 hexadecimal digits.
// The epoch rises with every use of a file: a trimmed file is recycled under the name of the next
// epoch and keeps its old bytes. A file is nothing but batches from offset 0 on:
//
//   batch  = header, records, zeros up to the next 4096 bytes
//   header = crc u32 of the rest of the header | magic u32 | version u32 | records u32 | epoch u64
//            | LSN of the first record u64 | bytes of all records u32
//   record = crc u32 of the rest of the record | LSN u64 | bytes of the payload u32 | type u8 |
//   payload
//
// Integers are big-endian, CRCs are CRC-32C. A batch is written by one write and counts whole or
// not at all: every record has to verify and to carry the LSN that follows from the header. Bytes
// of a file's earlier life never do: their header carries another epoch, and old records behind a
// new header carry older LSNs.
//
// A batch is written only after the one before is durable. So a batch that does not verify is a
// torn tail, which nobody was told about, unless a valid header of the same epoch lies behind it.
inline constexpr std::uint32_t kJournalMagic = 0x514a4254;  // "QJBT"
inline constexpr std::uint32_t kJournalVersion = 1;
inline constexpr std::size_t kBatchHeaderBytes = 36;
inline constexpr std::size_t kJournalRecordBytes = 17;  // of a record before its payload
// Records that wait for a write are cut into batches of at most this, so that one write stays
// short.
inline constexpr std::size_t kMaxBatchBytes = 4 << 20;
// A record is never larger than this (an entry is at most 1 MiB and its header).
inline constexpr std::size_t kMaxRecordBytes = 64 << 20;

struct BatchHeader {
  std::uint32_t version = kJournalVersion;
  std::uint32_t records = 0;
  std::uint64_t epoch = 0;
  Lsn first = 0;
  std::uint32_t body_bytes = 0;
};

// What a batch with that many bytes of records takes on disk.
std::uint64_t BatchDiskBytes(std::uint64_t body_bytes);

void EncodeBatchHeader(const BatchHeader& header, char* out);

// The header at the front of `bytes`, or nothing when it is not a header of that epoch. The version
// is not judged.
std::optional<BatchHeader> DecodeBatchHeader(std::string_view bytes, std::uint64_t epoch);

struct JournalRecord {
  Lsn lsn;
  RecordType type;
  std::string_view payload;
};

// Completes a record whose payload stands behind the kJournalRecordBytes at `record`.
void SealRecord(Lsn lsn, RecordType type, std::size_t payload_bytes, char* record);

// Takes the next record off the front of a body; nothing when it does not verify.
std::optional<JournalRecord> TakeRecord(std::string_view& body);

// The body is exactly the records that the header promises.
bool VerifyBody(const BatchHeader& header, std::string_view body);

std::string JournalFileName(std::uint64_t epoch);
std::optional<std::uint64_t> ParseJournalFileName(std::string_view name);

}  // namespace quire::bookie
