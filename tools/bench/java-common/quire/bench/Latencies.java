package quire.bench;

import java.util.Locale;

/** Counts of nanoseconds in 64 equal buckets for each power of two: known to 1.6 %. Thread-safe. */
final class Latencies {
  private static final int SUB_BITS = 6;
  private static final int SUB = 1 << SUB_BITS;

  private final long[] buckets = new long[(64 - SUB_BITS + 1) * SUB];
  private long count;
  private long max;

  synchronized void record(long nanoseconds) {
    buckets[bucketOf(nanoseconds)]++;
    count++;
    max = Math.max(max, nanoseconds);
  }

  synchronized void clear() {
    java.util.Arrays.fill(buckets, 0);
    count = 0;
    max = 0;
  }

  synchronized long count() {
    return count;
  }

  /** The upper end of the bucket below which that share of all lies. */
  synchronized long quantile(double fraction) {
    long rank = Math.max(1, (long) Math.ceil(fraction * count));
    long seen = 0;
    for (int i = 0; i < buckets.length; i++) {
      seen += buckets[i];
      if (count > 0 && seen >= rank) return Math.min(highestIn(i), max);
    }
    return max;
  }

  /** A JSON object of microseconds. */
  synchronized String json() {
    return String.format(
        Locale.ROOT,
        "{\"p50\":%.1f,\"p95\":%.1f,\"p99\":%.1f,\"p99.9\":%.1f,\"max\":%.1f}",
        quantile(0.5) / 1e3,
        quantile(0.95) / 1e3,
        quantile(0.99) / 1e3,
        quantile(0.999) / 1e3,
        max / 1e3);
  }

  private static int bucketOf(long value) {
    if (value < SUB) return (int) Math.max(value, 0);
    int shift = 63 - Long.numberOfLeadingZeros(value) - SUB_BITS;
    return (shift + 1) * SUB + (int) ((value >>> shift) - SUB);
  }

  private static long highestIn(int bucket) {
    if (bucket < SUB) return bucket;
    int shift = bucket / SUB - 1;
    return ((long) (SUB + bucket % SUB) << shift) + (1L << shift) - 1;
  }
}
