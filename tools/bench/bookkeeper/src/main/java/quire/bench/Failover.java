package quire.bench;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.apache.bookkeeper.client.BKException;
import org.apache.bookkeeper.client.LedgerHandle;

/**
 * A process writes, has so many entries acknowledged of which no bookie knows that they are
 * confirmed, and dies. Then this one recovers the ledger, creates the next and appends to it.
 */
final class Failover {
  private static final int BEFORE = 10; // entries whose confirmation the bookies know

  static String run(Cluster cluster, String uri, Settings settings) throws Exception {
    int unconfirmed = settings.number("unconfirmed", 1000);
    int size = settings.number("size", 1024);
    byte[] payload = AppendLoop.noise(size);
    Latencies total = new Latencies();
    long above = 0;
    int rounds = settings.number("rounds", 10);
    for (int round = 0; round < rounds; round++) {
      long id = writeAndDie(uri, unconfirmed, size);
      try (LedgerHandle look =
          cluster.client.openLedgerNoRecovery(id, Cluster.DIGEST, Cluster.PASSWORD)) {
        above += BEFORE + unconfirmed - 1 - look.readLastConfirmed();
      }
      long begin = System.nanoTime();
      LedgerHandle sealed =
          cluster.client.openLedger(id, Cluster.DIGEST, Cluster.PASSWORD);
      LedgerHandle next = cluster.create();
      next.addEntry(payload);
      total.record(System.nanoTime() - begin);
      if (sealed.getLastAddConfirmed() < BEFORE + unconfirmed - 1) {
        throw new IllegalStateException("acknowledged entries are lost");
      }
      next.close();
      cluster.client.deleteLedger(next.getId());
      cluster.client.deleteLedger(id);
    }
    return String.format(
        Locale.ROOT,
        "{\"latency_us\":%s,\"above_lac\":%.1f}",
        total.json(),
        (double) above / rounds);
  }

  private static long writeAndDie(String uri, int unconfirmed, int size) throws Exception {
    Process writer =
        new ProcessBuilder(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-Xmx256m",
                "-Dlog4j2.configurationFile=quire-log4j2.xml",
                "-cp",
                System.getProperty("java.class.path"),
                Driver.class.getName(),
                uri,
                "writer",
                "unconfirmed=" + unconfirmed,
                "size=" + size)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said =
        new String(writer.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
    if (writer.waitFor() != 0) throw new IllegalStateException("the writer failed: " + said);
    return Long.parseLong(said);
  }

  /** What that process does; it ends here, without any goodbye. */
  static void writer(Cluster cluster, Settings settings) throws Exception {
    int unconfirmed = settings.number("unconfirmed", 1000);
    byte[] payload = AppendLoop.noise(settings.number("size", 1024));
    LedgerHandle ledger = cluster.create();
    System.out.println(ledger.getId());
    System.out.flush();
    for (int i = 1; i < BEFORE; i++) ledger.addEntry(payload);
    CompletableFuture<Integer> failed = new CompletableFuture<>();
    // From the callback, whose thread the appends need too: all are made before one is confirmed.
    ledger.asyncAddEntry(
        payload,
        (rc, handle, entry, context) -> {
          for (int i = 1; i <= unconfirmed; i++) {
            boolean last = i == unconfirmed;
            ledger.asyncAddEntry(
                payload,
                (code, same, id, ignored) -> {
                  if (last && code == BKException.Code.OK) Runtime.getRuntime().halt(0);
                  if (last) failed.complete(code);
                },
                null);
          }
        },
        null);
    throw BKException.create(failed.get());
  }
}
