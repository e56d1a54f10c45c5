package quire.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.bookkeeper.client.BookKeeperAdmin;
import org.apache.bookkeeper.conf.ServerConfiguration;

/**
 * Drives a BookKeeper cluster: reads a command a line from standard input (append, read, failover,
 * each with name=value words) and answers each with a line of JSON. One process for a whole
 * comparison, so that what the JVM has compiled stays compiled.
 *
 * <p>Driver URI; Driver URI format (makes the cluster in ZooKeeper); Driver URI writer (dies).
 */
public final class Driver {
  private Driver() {}

  public static void main(String[] arguments) throws Exception {
    String uri = arguments[0];
    String mode = arguments.length > 1 ? arguments[1] : "";
    if (mode.equals("format")) {
      ServerConfiguration conf = new ServerConfiguration();
      conf.setMetadataServiceUri(uri);
      if (!BookKeeperAdmin.initNewCluster(conf)) throw new IllegalStateException("format failed");
      return;
    }
    try (Cluster cluster = new Cluster(uri)) {
      if (mode.equals("writer")) {
        Failover.writer(cluster, new Settings(arguments, 2));
        return;
      }
      BufferedReader commands =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line; (line = commands.readLine()) != null; ) {
        System.out.println(answer(cluster, uri, line.trim().split(" +")));
        System.out.flush();
      }
    }
  }

  private static String answer(Cluster cluster, String uri, String[] words) {
    try {
      Settings settings = new Settings(words, 1);
      return switch (words[0]) {
        case "append" -> Appends.run(cluster, settings);
        case "read" -> Reads.run(cluster, settings);
        case "failover" -> Failover.run(cluster, uri, settings);
        default -> throw new IllegalArgumentException("no command: " + words[0]);
      };
    } catch (Exception error) {
      return "{\"error\":\"" + (Arrays.toString(words) + " " + error).replaceAll("[\"\\\\\n]", "'")
          + "\"}";
    }
  }
}
