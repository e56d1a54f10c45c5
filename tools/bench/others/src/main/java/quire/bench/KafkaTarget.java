package quire.bench;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A topic of one partition and three replicas, acks=all. */
final class KafkaTarget implements Target {
  private static final String TOPIC = "bench";

  private final KafkaProducer<byte[], byte[]> producer;

  /** `synced`: brokers sync each batch before they acknowledge it. */
  KafkaTarget(String servers, boolean synced, boolean lingers) throws Exception {
    Properties conf = new Properties();
    conf.put("bootstrap.servers", servers);
    Map<String, String> topic =
        synced
            ? Map.of("min.insync.replicas", "2", "flush.messages", "1")
            : Map.of("min.insync.replicas", "2");
    try (Admin admin = Admin.create(conf)) {
      admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 3).configs(topic))).all().get();
    }
    conf.put("acks", "all");
    conf.put("linger.ms", lingers ? "5" : "0");
    conf.put("batch.size", "262144");
    conf.put("buffer.memory", "134217728");
    producer = new KafkaProducer<>(conf, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Override
  public void append(byte[] payload, Consumer<Throwable> done) {
    producer.send(new ProducerRecord<>(TOPIC, payload), (metadata, error) -> done.accept(error));
  }
}
