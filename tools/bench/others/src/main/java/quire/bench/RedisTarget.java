package quire.bench;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/** XADD to one stream, pipelined over one connection. One server: nothing is replicated. */
final class RedisTarget implements Target {
  private final ConcurrentLinkedQueue<Consumer<Throwable>> waiting = new ConcurrentLinkedQueue<>();
  private final OutputStream out;
  private final DataInputStream in;

  RedisTarget(String server) throws IOException {
    String[] parts = server.split(":");
    Socket socket = new Socket(parts[0], Integer.parseInt(parts[1]));
    socket.setTcpNoDelay(true);
    out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
    Thread replies = new Thread(this::readReplies, "replies");
    replies.setDaemon(true);
    replies.start();
    Thread flusher = new Thread(this::flushAlways, "flusher");
    flusher.setDaemon(true);
    flusher.start();
  }

  @Override
  public void append(byte[] payload, Consumer<Throwable> done) {
    String head = "*5\r\n$4\r\nXADD\r\n$5\r\nbench\r\n$1\r\n*\r\n$1\r\nv\r\n$" + payload.length + "\r\n";
    try {
      synchronized (out) {
        waiting.add(done);
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        out.write(payload);
        out.write('\r');
        out.write('\n');
        out.notify();
      }
    } catch (IOException error) {
      done.accept(error);
    }
  }

  /** What came while one flush was under way leaves with the next. */
  private void flushAlways() {
    try {
      for (; ; ) {
        synchronized (out) {
          out.wait(1);
          out.flush();
        }
        Thread.yield();
      }
    } catch (IOException | InterruptedException error) {
      fail(error);
    }
  }

  @SuppressWarnings("deprecation") // bytes are characters here
  private void readReplies() {
    try {
      for (; ; ) {
        String line = in.readLine(); // "$15" and then the id of the new entry, or "-ERR ..."
        if (line == null) throw new IOException("the server closed the connection");
        boolean error = line.startsWith("-");
        if (!error) in.readLine();
        waiting.remove().accept(error ? new IOException(line) : null);
      }
    } catch (IOException error) {
      fail(error);
    }
  }

  private void fail(Exception error) {
    for (Consumer<Throwable> done; (done = waiting.poll()) != null; ) done.accept(error);
  }
}
