package quire.bench;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.bookkeeper.client.BKException;
import org.apache.bookkeeper.client.LedgerHandle;

/**
 * Appends to ledgers in turn: as many in flight as the window allows, or, with a rate, begun when
 * they are due and measured from then.
 */
final class Appends {
  private final List<LedgerHandle> ledgers;
  private final byte[] payload;
  private final Latencies latencies = new Latencies();
  private final AtomicReference<Exception> failure = new AtomicReference<>();

  Appends(List<LedgerHandle> ledgers, int size) {
    this.ledgers = ledgers;
    this.payload = Cluster.noise(size);
  }

  static String run(Cluster cluster, Settings settings) throws Exception {
    List<LedgerHandle> ledgers = cluster.create(settings.number("ledgers", 1));
    try {
      return new Appends(ledgers, settings.number("size", 1024)).run(settings);
    } finally {
      cluster.closeAndDelete(ledgers);
    }
  }

  private String run(Settings settings) throws Exception {
    double rate = settings.real("rate", 0);
    // An open loop has no window; this bounds the memory of one that cannot be kept up with.
    int most = rate > 0 ? 100_000 : settings.number("window", 1000);
    Semaphore window = new Semaphore(most);
    long begin = System.nanoTime();
    long measureFrom = begin + (long) (settings.real("warmup", 2) * 1e9);
    long end = measureFrom + (long) (settings.real("seconds", 5) * 1e9);
    boolean measuring = false;
    long now = begin;
    for (long i = 0; now < end && failure.get() == null; i++) {
      long due = begin + (long) (i * 1e9 / rate);
      if (rate > 0) {
        while ((now = System.nanoTime()) < due) LockSupport.parkNanos(due - now);
      }
      window.acquire();
      now = System.nanoTime();
      if (!measuring && now >= measureFrom) {
        measuring = true;
        latencies.clear();
        measureFrom = now;
      }
      append(ledgers.get((int) (i % ledgers.size())), rate > 0 ? due : now, window);
    }
    long count = latencies.count();
    double seconds = (System.nanoTime() - measureFrom) / 1e9;
    window.acquire(most); // all of them have ended
    if (failure.get() != null) throw failure.get();
    return String.format(
        Locale.ROOT,
        "{\"per_second\":%.1f,\"latency_us\":%s}",
        count / seconds,
        latencies.json());
  }

  private void append(LedgerHandle ledger, long begun, Semaphore window) {
    ledger.asyncAddEntry(
        payload,
        (rc, handle, entry, context) -> {
          if (rc == BKException.Code.OK) latencies.record(System.nanoTime() - begun);
          else failure.compareAndSet(null, BKException.create(rc));
          window.release();
        },
        null);
  }
}
