package quire.bench;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Puts of new keys. etcd syncs its log before it answers, always. */
final class EtcdTarget implements Target {
  private final Client client;
  private final AtomicLong next = new AtomicLong();

  EtcdTarget(String servers) {
    client = Client.builder().endpoints(servers.split(",")).build();
  }

  @Override
  public void append(byte[] payload, Consumer<Throwable> done) {
    byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(next.getAndIncrement()).array();
    client
        .getKVClient()
        .put(ByteSequence.from(key), ByteSequence.from(payload))
        .whenComplete((response, error) -> done.accept(error));
  }
}
