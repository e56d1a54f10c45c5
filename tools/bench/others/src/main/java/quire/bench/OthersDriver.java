package quire.bench;

import java.util.Arrays;

/** OthersDriver SYSTEM SERVERS name=value...: one warm-up and one measurement; a line of JSON. */
public final class OthersDriver {
  private OthersDriver() {}

  public static void main(String[] arguments) {
    int status = 0;
    try {
      Settings settings = new Settings(arguments, 2);
      Target target = make(arguments[0], arguments[1], settings);
      System.out.println(new AppendLoop(target, settings.number("size", 1024)).run(settings));
      System.out.flush();
    } catch (Exception error) {
      error.printStackTrace();
      status = 1;
    }
    Runtime.getRuntime().halt(status); // the clients' threads would go on for ever, also after a failure
  }

  private static Target make(String system, String servers, Settings settings) throws Exception {
    return switch (system) {
      case "kafka" ->
          new KafkaTarget(
              servers, settings.number("synced", 0) == 1, settings.number("rate", 0) == 0);
      case "etcd" -> new EtcdTarget(servers);
      case "nats" -> new NatsTarget(servers);
      case "redis" -> new RedisTarget(servers);
      default -> throw new IllegalArgumentException(Arrays.asList(system, servers).toString());
    };
  }
}
