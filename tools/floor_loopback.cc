#include <array>
#include <chrono>
#include <thread>

#include "tools/floor_network.h"
#include "tools/floor_socket.h"

namespace quire::tools {

using common::Errc;
using common::Fail;
using common::Result;

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kTripBytes = 64;

}  // namespace

Result<Histogram> MeasureLoopback(double seconds) {
  auto listening = FloorSocket::Listen();
  if (!listening) return Fail(std::move(listening).error());
  auto here = FloorSocket::Connect(listening->port());
  if (!here) return Fail(std::move(here).error());
  auto there = listening->Accept();
  if (!there) return Fail(std::move(there).error());
  std::jthread echo([socket = *std::move(there)] {
    std::array<char, kTripBytes> bytes{};
    for (;;) {
      const auto got = socket.Receive(bytes.data(), bytes.size());
      if (!got || *got == 0 || !socket.Send({bytes.data(), *got})) return;
    }
  });
  Histogram nanoseconds;
  std::array<char, kTripBytes> bytes{};
  const auto begin = Clock::now();
  auto now = begin;
  while (std::chrono::duration<double>(now - begin).count() < seconds) {
    const auto then = now;
    QUIRE_TRY(here->Send({bytes.data(), bytes.size()}));
    for (std::size_t got = 0; got < kTripBytes;) {
      const auto some = here->Receive(bytes.data(), kTripBytes - got);
      if (!some) return Fail(some.error());
      if (*some == 0) return Fail(Errc::kUnreachable, "127.0.0.1");
      got += *some;
    }
    now = Clock::now();
    nanoseconds.Record(static_cast<std::uint64_t>((now - then).count()));
  }
  here = Fail(Errc::kShutdown);  // the echo ends with its connection
  return nanoseconds;
}

}  // namespace quire::tools
