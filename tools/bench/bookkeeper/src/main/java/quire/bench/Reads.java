package quire.bench;

import java.util.Enumeration;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import org.apache.bookkeeper.client.BKException;
import org.apache.bookkeeper.client.LedgerEntry;
import org.apache.bookkeeper.client.LedgerHandle;

/** Reads a closed ledger from its first entry to its last, again and again. */
final class Reads {
  private static final int AT_ONCE = 1000; // entries asked for
  private static final long BATCH_BYTES = 4 << 20;

  private final LedgerHandle ledger;
  private final boolean batched;
  private final Latencies latencies = new Latencies();

  private Reads(LedgerHandle ledger, boolean batched) {
    this.ledger = ledger;
    this.batched = batched;
  }

  /** batched=0: one rpc for each entry, many under way; 1: as many entries in an rpc as fit. */
  static String run(Cluster cluster, Settings settings) throws Exception {
    long id = fill(cluster, settings);
    LedgerHandle ledger = cluster.client.openLedger(id, Cluster.DIGEST, Cluster.PASSWORD);
    try {
      return new Reads(ledger, settings.number("batched", 0) == 1).run(settings);
    } finally {
      ledger.close();
      cluster.client.deleteLedger(id);
    }
  }

  private static long fill(Cluster cluster, Settings settings) throws Exception {
    LedgerHandle ledger = cluster.create();
    byte[] payload = AppendLoop.noise(settings.number("size", 1024));
    Semaphore window = new Semaphore(AT_ONCE);
    int[] result = {BKException.Code.OK};
    for (int i = settings.number("entries", 200_000); i > 0; i--) {
      window.acquire();
      ledger.asyncAddEntry(
          payload,
          (rc, handle, entry, context) -> {
            if (rc != BKException.Code.OK) result[0] = rc;
            window.release();
          },
          null);
    }
    window.acquire(AT_ONCE);
    if (result[0] != BKException.Code.OK) throw BKException.create(result[0]);
    ledger.close();
    return ledger.getId();
  }

  private String run(Settings settings) throws Exception {
    long begin = System.nanoTime();
    long measureFrom = begin + (long) (settings.real("warmup", 2) * 1e9);
    long end = measureFrom + (long) (settings.real("seconds", 5) * 1e9);
    boolean measuring = false;
    long count = 0;
    long next = 0;
    long now;
    while ((now = System.nanoTime()) < end) {
      if (!measuring && now >= measureFrom) {
        measuring = true;
        latencies.clear();
        count = 0;
        measureFrom = now;
      }
      int got = readFrom(next);
      latencies.record(System.nanoTime() - now);
      count += got;
      next += got;
      if (next > ledger.getLastAddConfirmed()) next = 0;
    }
    return String.format(
        Locale.ROOT,
        "{\"per_second\":%.1f,\"latency_us\":%s}",
        count / ((now - measureFrom) / 1e9),
        latencies.json());
  }

  private int readFrom(long first) throws Exception {
    Enumeration<LedgerEntry> entries =
        batched
            ? ledger.batchReadEntries(first, AT_ONCE, BATCH_BYTES)
            : ledger.readEntries(
                first, Math.min(first + AT_ONCE - 1, ledger.getLastAddConfirmed()));
    int count = 0;
    while (entries.hasMoreElements()) {
      entries.nextElement().getEntryBuffer().release();
      count++;
    }
    return count;
  }
}
