package quire.bench;

import java.util.function.Consumer;

/** Something that keeps what is appended to it. */
interface Target {
  /** Begins an append; `done` hears null when it is as durable as the system makes it, else why not. */
  void append(byte[] payload, Consumer<Throwable> done);
}
