package quire.bench;

import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.util.function.Consumer;

/** A JetStream stream of files with three replicas. */
final class NatsTarget implements Target {
  private final JetStream stream;

  private static final int MOST_ATTEMPTS = 60; // half a second apart

  NatsTarget(String servers) throws Exception {
    Connection connection =
        Nats.connect(new Options.Builder().servers(servers.split(",")).build());
    addStream(connection.jetStreamManagement());
    stream = connection.jetStream();
  }

  /** Servers listen before their leader knows all of them; until then it refuses three replicas. */
  private static void addStream(JetStreamManagement management) throws Exception {
    StreamConfiguration configuration =
        StreamConfiguration.builder()
            .name("bench")
            .subjects("bench")
            .storageType(StorageType.File)
            .replicas(3)
            .build();
    for (int attempt = 1; ; attempt++) {
      try {
        management.addStream(configuration);
        return;
      } catch (IOException | JetStreamApiException error) { // also: no leader yet, no answer
        if (attempt == MOST_ATTEMPTS) throw error;
        Thread.sleep(500);
      }
    }
  }

  @Override
  public void append(byte[] payload, Consumer<Throwable> done) {
    stream.publishAsync("bench", payload).whenComplete((ack, error) -> done.accept(error));
  }
}
