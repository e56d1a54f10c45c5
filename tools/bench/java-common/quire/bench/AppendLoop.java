package quire.bench;

import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Appends: as many in flight as the window allows, or, with a rate, begun when they are due and
 * measured from then, whatever became of those before.
 */
final class AppendLoop {
  private static final long PATIENCE_SECONDS = 60; // with the last appends

  private final Target target;
  private final byte[] payload;
  private final Latencies latencies = new Latencies();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  AppendLoop(Target target, int size) {
    this.target = target;
    this.payload = noise(size);
  }

  static byte[] noise(int size) {
    byte[] bytes = new byte[size];
    new Random().nextBytes(bytes);
    return bytes;
  }

  /** A JSON object of what was measured. */
  String run(Settings settings) throws Exception {
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
      if (!window.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) throw unanswered(most, window);
      now = System.nanoTime();
      if (!measuring && now >= measureFrom) {
        measuring = true;
        latencies.clear();
        measureFrom = now;
      }
      append(rate > 0 ? due : now, window);
    }
    long count = latencies.count();
    double seconds = (System.nanoTime() - measureFrom) / 1e9;
    if (!window.tryAcquire(most, PATIENCE_SECONDS, TimeUnit.SECONDS)) { // all of them have ended
      throw unanswered(most, window);
    }
    if (failure.get() != null) throw new IllegalStateException(failure.get());
    return String.format(
        Locale.ROOT,
        "{\"per_second\":%.1f,\"latency_us\":%s}",
        count / seconds,
        latencies.json());
  }

  private static IllegalStateException unanswered(int most, Semaphore window) {
    return new IllegalStateException(
        (most - window.availablePermits()) + " appends had no answer in " + PATIENCE_SECONDS + " s");
  }

  private void append(long begun, Semaphore window) {
    target.append(
        payload,
        error -> {
          if (error == null) latencies.record(System.nanoTime() - begun);
          else failure.compareAndSet(null, error);
          window.release();
        });
  }
}
