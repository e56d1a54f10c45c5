package quire.bench;

import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.util.function.Consumer;

/** A JetStream stream of files with three replicas. */
final class NatsTarget implements Target {
  private final JetStream stream;

  NatsTarget(String servers) throws Exception {
    Connection connection =
        Nats.connect(new Options.Builder().servers(servers.split(",")).build());
    connection
        .jetStreamManagement()
        .addStream(
            StreamConfiguration.builder()
                .name("bench")
                .subjects("bench")
                .storageType(StorageType.File)
                .replicas(3)
                .build());
    stream = connection.jetStream();
  }

  @Override
  public void append(byte[] payload, Consumer<Throwable> done) {
    stream.publishAsync("bench", payload).whenComplete((ack, error) -> done.accept(error));
  }
}
