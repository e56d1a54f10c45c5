package quire.bench;

import java.util.HashMap;
import java.util.Map;

/** "name=value" words of a command. */
final class Settings {
  private final Map<String, String> values = new HashMap<>();

  Settings(String[] words, int from) {
    for (int i = from; i < words.length; i++) {
      String[] parts = words[i].split("=", 2);
      if (parts.length != 2) throw new IllegalArgumentException("no name=value: " + words[i]);
      values.put(parts[0], parts[1]);
    }
  }

  int number(String name, int otherwise) {
    return (int) real(name, otherwise);
  }

  double real(String name, double otherwise) {
    String value = values.get(name);
    return value == null ? otherwise : Double.parseDouble(value);
  }
}
