// A bookie in memory behind the real server, for clients of other languages. Prints its port, then
// serves until its standard input ends, so that it never outlives the test that started it.
// Usage: echo_bookie BOOKIE_ID_HEX

#include <unistd.h>

#include <cstdio>
#include <thread>

#include "rpc/server.h"
#include "tests/rpc/memory_bookie.h"

int main(int argc, char** argv) {
  using quire::protocol::BookieId;
  const auto id = argc == 2 ? quire::protocol::FromHex<BookieId>(argv[1]) : std::nullopt;
  if (!id) {
    std::fputs("usage: echo_bookie BOOKIE_ID_HEX\n", stderr);
    return 2;
  }
  quire::rpc::AsioLoop loop;
  quire::rpc::testing::MemoryBookie bookie(loop, *id);
  quire::rpc::Server server(loop, bookie, {});
  const auto port = server.Start();
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().ToString().c_str());
    return 1;
  }
  std::printf("%u\n", unsigned{*port});
  std::fflush(stdout);
  std::thread end([&loop] {
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    loop.Stop();
  });
  loop.Run();
  end.join();
  return 0;
}
