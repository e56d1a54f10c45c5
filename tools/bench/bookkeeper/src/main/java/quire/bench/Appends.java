package quire.bench;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.bookkeeper.client.BKException;
import org.apache.bookkeeper.client.LedgerHandle;

/** Appends to ledgers in turn. */
final class Appends implements Target {
  private final List<LedgerHandle> ledgers;
  private final AtomicInteger next = new AtomicInteger();

  private Appends(List<LedgerHandle> ledgers) {
    this.ledgers = ledgers;
  }

  static String run(Cluster cluster, Settings settings) throws Exception {
    List<LedgerHandle> ledgers = cluster.create(settings.number("ledgers", 1));
    try {
      return new AppendLoop(new Appends(ledgers), settings.number("size", 1024)).run(settings);
    } finally {
      cluster.closeAndDelete(ledgers);
    }
  }

  @Override
  public void append(byte[] payload, Consumer<Throwable> done) {
    ledgers
        .get(Math.floorMod(next.getAndIncrement(), ledgers.size()))
        .asyncAddEntry(
            payload,
            (rc, handle, entry, context) ->
                done.accept(rc == BKException.Code.OK ? null : BKException.create(rc)),
            null);
  }
}
