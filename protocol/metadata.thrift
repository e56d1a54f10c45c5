/**
 * The values that Quire keeps in the metadata store. Each is stored as the magic "QUIR", a version
 * u16 (big-endian, now 1), a kind u8 and the struct in Thrift's binary protocol.
 * See docs/formats.md for the paths.
 */
namespace cpp quire.protocol.wire

enum LedgerState {
  OPEN = 1,
  /** Somebody recovers the ledger: the writer must stop, no segment may be added by it. */
  IN_RECOVERY = 2,
  CLOSED = 3,
  /** Deleted; the record stays for a grace time so that bookies see it and drop their copies. */
  DELETED = 4,
}

/** A run of entries with one ensemble. */
struct Segment {
  1: required i64 first_entry;
  /** Bookie ids of 16 bytes, one for each slot, distinct. */
  2: required list<binary> ensemble;
}

struct Ledger {
  1: required i64 ledger_id;
  /** 16 random bytes from the creator: tells ledgers apart and is the key bookies ask for. */
  2: required binary key;
  3: required i32 ensemble_size;
  4: required i32 write_quorum;
  5: required i32 ack_quorum;
  6: required LedgerState state;
  /** Ascending by first_entry; the first begins at 0. */
  7: required list<Segment> segments;
  /** Of a closed ledger: its last entry; -1: closed empty. */
  8: optional i64 last_entry;
  /** Of a closed ledger: payload bytes of all entries. */
  9: optional i64 length;
  /** Milliseconds since 1970. */
  10: required i64 created_ms;
  /** The application's own, any bytes. */
  11: optional map<string, binary> custom;
  /** Who made the last change (16 bytes), and its number for that one. */
  12: required binary writer;
  13: required i64 writer_op;
  /** How often recovery was begun; for people only. */
  14: optional i32 recovery_claims = 0;
  /** Of a deleted ledger: when, in milliseconds since 1970. */
  15: optional i64 deleted_ms;
}

/** Where a bookie is: an ephemeral node that it renews. */
struct Registration {
  1: required binary bookie;
  /** host:port. */
  2: required string address;
  /** host:port of its pages for operators, over HTTP; not there: it has none. */
  3: optional string http;
}

/** What a bookie's directory must match. Kept in the store and in the directory. */
struct Cookie {
  1: required binary instance;
  2: required binary bookie;
  /** The daemon's advertised host and the absolute directory: notices an emptied directory. */
  3: required string host;
  4: required string directory;
  5: required i64 created_ms;
  /** In the store only: the bookie that took the directory when this one's disk was lost, and when. */
  6: optional binary replaced_by;
  7: optional i64 replaced_ms;
}

/** The cluster itself. */
struct Instance {
  1: required binary instance;
  2: required i64 created_ms;
}
