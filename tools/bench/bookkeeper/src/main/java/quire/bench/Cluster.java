package quire.bench;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.bookkeeper.client.BKException;
import org.apache.bookkeeper.client.BookKeeper;
import org.apache.bookkeeper.client.BookKeeper.DigestType;
import org.apache.bookkeeper.client.LedgerHandle;
import org.apache.bookkeeper.conf.ClientConfiguration;

/** A client of a BookKeeper cluster, set as fast as it goes, and the ledgers it makes. */
final class Cluster implements AutoCloseable {
  static final int ENSEMBLE = 3;
  static final int WRITE_QUORUM = 3;
  static final int ACK_QUORUM = 2;
  static final DigestType DIGEST = DigestType.CRC32C;
  static final byte[] PASSWORD = "quire".getBytes(StandardCharsets.UTF_8);

  private static final int AT_ONCE = 64; // metadata calls
  private static final int SESSION_MILLISECONDS = 3_600_000; // longer than this process is stopped

  final BookKeeper client;

  Cluster(String uri) throws Exception {
    ClientConfiguration conf = new ClientConfiguration();
    conf.setMetadataServiceUri(uri);
    conf.setZkTimeout(SESSION_MILLISECONDS);
    conf.setThrottleValue(0); // no limit of requests under way
    conf.setUseV2WireProtocol(true);
    conf.setBatchReadEnabled(true);
    client = new BookKeeper(conf);
  }

  LedgerHandle create() throws Exception {
    return client.createLedger(ENSEMBLE, WRITE_QUORUM, ACK_QUORUM, DIGEST, PASSWORD);
  }

  List<LedgerHandle> create(int count) throws Exception {
    List<LedgerHandle> ledgers = new ArrayList<>();
    while (ledgers.size() < count) {
      List<CompletableFuture<LedgerHandle>> batch = new ArrayList<>();
      for (int i = 0; i < AT_ONCE && ledgers.size() + batch.size() < count; i++) {
        CompletableFuture<LedgerHandle> made = new CompletableFuture<>();
        client.asyncCreateLedger(
            ENSEMBLE,
            WRITE_QUORUM,
            ACK_QUORUM,
            DIGEST,
            PASSWORD,
            (rc, ledger, context) -> {
              if (rc == BKException.Code.OK) made.complete(ledger);
              else made.completeExceptionally(BKException.create(rc));
            },
            null,
            null);
        batch.add(made);
      }
      for (CompletableFuture<LedgerHandle> made : batch) ledgers.add(made.get());
    }
    return ledgers;
  }

  void closeAndDelete(List<LedgerHandle> ledgers) throws Exception {
    for (int from = 0; from < ledgers.size(); from += AT_ONCE) {
      List<CompletableFuture<Void>> batch = new ArrayList<>();
      for (LedgerHandle ledger : ledgers.subList(from, Math.min(from + AT_ONCE, ledgers.size()))) {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        ledger.asyncClose(
            (rc, closed, context) ->
                client.asyncDeleteLedger(
                    ledger.getId(), (deleted, ignored) -> gone.complete(null), null),
            null);
        batch.add(gone);
      }
      for (CompletableFuture<Void> gone : batch) gone.get();
    }
  }

  @Override
  public void close() throws Exception {
    client.close();
  }
}
