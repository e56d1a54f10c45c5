/**
 * The wire protocol of a Quire bookie: framed Thrift (4-byte big-endian length, then one message in
 * the strict binary protocol) over TCP. Requests are pipelined; replies come in any order and carry
 * the sequence id of their request. A frame of more than 4 MiB, a malformed frame or an unknown
 * method closes the connection. A plain client (TFramedTransport + TBinaryProtocol) works.
 *
 * Every request names the bookie it is meant for: one directory of the daemon, from its formatting
 * on. A process that does not hold that bookie answers WRONG_BOOKIE, never with a denial.
 */
namespace cpp quire.protocol.wire
namespace py quire_wire

/** What a bookie says of one request or one entry. */
enum Code {
  OK = 0,
  /** Certain: this bookie never acknowledged the entry and, if the ledger is fenced, never will. */
  NO_ENTRY = 1,
  /** Certain: this bookie never acknowledged anything of the ledger. */
  NO_LEDGER = 2,
  /** The bookie cannot say: i/o error, damaged copy, limbo. Never to be taken as a denial. */
  UNKNOWN = 3,
  /** The ledger is fenced or deleted here. A writer must stop. */
  FENCED = 4,
  /** The entry is here with other bytes. The first bytes are kept. */
  CONFLICT = 5,
  /** The ledger key is not the one the ledger began with on this bookie. */
  UNAUTHORIZED = 6,
  /** This bookie takes no new entries now. */
  READ_ONLY = 7,
  /** Over a bound. Try the same bookie again later: after retry_after_ms, when the reply says it. */
  BUSY = 8,
  /** The daemon at this address does not hold that bookie. */
  WRONG_BOOKIE = 9,
  /** The request breaks the contract: a field is missing, too large or senseless. */
  BAD_REQUEST = 10,
  /** An entry or LAC record fails its own checksum. */
  CORRUPT = 11,
  /** The deadline had passed before the bookie came to it. Nothing was stored or read. A fence that
      was asked for may have been set all the same. */
  EXPIRED = 12,
}

/** One entry to store. */
struct Add {
  /** The encoded entry: ledger_id i64, entry_id i64, lac i64, length i64 (all big-endian), CRC-32C
      u32 of those 32 bytes and the payload, payload of at most 1 MiB. */
  1: required binary entry;
  /** The ledger key, 16 bytes, from the ledger's metadata. The first add or fence of a ledger fixes
      it on a bookie. */
  2: required binary key;
  /** Stored even if the ledger is fenced. For recovery and repair only. */
  3: optional bool recovery = false;
}

struct AddRequest {
  /** Bookie id, 16 bytes. */
  1: required binary bookie;
  /** How long the caller still waits, in milliseconds; 0: no limit. A request that is older when its
      turn comes is answered EXPIRED and not carried out. */
  2: required i32 deadline_ms;
  /** 1 to 4096 entries, of any ledgers. */
  3: required list<Add> adds;
}

struct AddReply {
  /** One for each add, in the order of the request. OK is sent after the entry is on stable storage. */
  1: required list<Code> codes;
  /** When something is BUSY: how long to stay away, in milliseconds, at most 1000. */
  2: optional i32 retry_after_ms;
}

struct ReadRequest {
  1: required binary bookie;
  2: required i32 deadline_ms;
  3: required i64 ledger;
  /** 1 to 4096 entry ids, in the order the answers are wanted. */
  4: required list<i64> entries;
  /** Stop after the entry that reaches so many bytes; at least one is answered. 0: 2 MiB, the most. */
  5: optional i32 max_bytes = 0;
  /** Fence the ledger first. Every answer, also a denial, is sent after the fence is on stable
      storage. */
  6: optional bool fence = false;
  /** Ledger key, 16 bytes; required when fencing. */
  7: optional binary key;
}

struct EntryAnswer {
  1: required Code code;
  /** The encoded entry when the code is OK. */
  2: optional binary bytes;
}

struct ReadReply {
  /** Of the request as a whole; unless it is OK there are no answers. */
  1: required Code code;
  /** For each id asked, in order; a prefix of them when max_bytes was reached. */
  2: optional list<EntryAnswer> answers;
  /** When something is BUSY: how long to stay away, in milliseconds, at most 1000. */
  3: optional i32 retry_after_ms;
}

struct LacRequest {
  1: required binary bookie;
  2: required i32 deadline_ms;
  3: required i64 ledger;
  /** Fence the ledger first, as for a read. */
  4: optional bool fence = false;
  5: optional binary key;
  /** With wait_ms: hold the answer back until the LAC is above this, the ledger is fenced or deleted
      here, or wait_ms have passed. */
  6: optional i64 known_lac = -1;
  /** At most 60000. 0: answer at once. */
  7: optional i32 wait_ms = 0;
}

struct LacReply {
  1: required Code code;
  /** The highest LAC that a stored entry or an explicit LAC carries; -1: none. */
  2: optional i64 lac = -1;
  3: optional bool fenced = false;
  /** When something is BUSY: how long to stay away, in milliseconds, at most 1000. */
  4: optional i32 retry_after_ms;
}

struct WriteLacRequest {
  1: required binary bookie;
  2: required i32 deadline_ms;
  3: required i64 ledger;
  4: required binary key;
  /** ledger_id i64, lac i64 (big-endian), CRC-32C u32 of those 16 bytes. */
  5: required binary record;
}

struct WriteLacReply {
  /** OK is sent after the LAC is on stable storage. Accepted by a fenced ledger too. */
  1: required Code code;
  /** When something is BUSY: how long to stay away, in milliseconds, at most 1000. */
  2: optional i32 retry_after_ms;
}

struct ListEntriesRequest {
  1: required binary bookie;
  2: required i32 deadline_ms;
  3: required i64 ledger;
  /** The lowest entry id of interest. */
  4: required i64 from_entry;
  /** 0: 4096, the most. */
  5: optional i32 max_runs = 0;
}

/** The entry ids first .. first + count - 1. */
struct EntryRun {
  1: required i64 first;
  2: required i64 count;
}

struct ListEntriesReply {
  1: required Code code;
  /** Ascending. */
  2: optional list<EntryRun> runs;
  /** Ask again from here; -1: that was all. */
  3: optional i64 next_entry = -1;
  /** When something is BUSY: how long to stay away, in milliseconds, at most 1000. */
  4: optional i32 retry_after_ms;
}

struct StatusRequest {
  1: required i32 deadline_ms;
}

/** One bookie (one directory) of the daemon that answers. */
struct BookieStatus {
  1: required binary bookie;
  2: required string directory;
  /** "writable", "read-only" or "failed". */
  3: required string state;
  4: required i64 ledgers;
  /** Sequence number of the last journal record on stable storage. */
  5: required i64 journal_lsn;
  /** Sequence number of the last record that the index covers. */
  6: required i64 stored_lsn;
  7: required i64 journal_bytes;
  8: required i64 segment_bytes;
  9: required i64 segments;
  /** Bytes of entries that wait in memory to be written to a segment. */
  10: required i64 cache_bytes;
  11: required i64 free_bytes;
}

struct StatusReply {
  1: required Code code;
  /** The cluster's instance id, 16 bytes. */
  2: optional binary instance;
  3: optional list<BookieStatus> bookies;
}

service Bookie {
  AddReply add(1: AddRequest request);
  ReadReply read(1: ReadRequest request);
  LacReply lac(1: LacRequest request);
  WriteLacReply write_lac(1: WriteLacRequest request);
  ListEntriesReply list_entries(1: ListEntriesRequest request);
  StatusReply status(1: StatusRequest request);
}
