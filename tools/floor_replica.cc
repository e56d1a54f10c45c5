#include "tools/floor_replica.h"

#include <algorithm>
#include <cstring>

#include "common/aligned_buffer.h"
#include "protocol/limits.h"
#include "tools/exit_codes.h"
#include "tools/floor_file.h"
#include "tools/floor_socket.h"
#include "tools/floor_stream.h"
#include "tools/standard_output.h"

namespace quire::tools {

using common::AlignedBuffer;
using common::Errc;
using common::Fail;
using common::Result;

namespace {

constexpr std::size_t kReceiveBytes = 2 << 20;  // the most of one batch; holds any entry
static_assert(kReceiveBytes > sizeof(FloorHeader) + protocol::kMaxPayloadBytes);
constexpr std::size_t kSegmentWriteBytes = 1 << 20;

class Replica {
 public:
  Replica(FloorFile journal, FloorFile segment)
      : journal_(std::move(journal)), segment_(std::move(segment)) {}

  Result<void> Serve(const FloorSocket& socket) {
    for (;;) {
      const auto got = socket.Receive(received_.data() + filled_, received_.size() - filled_);
      if (!got) return Fail(got.error());
      if (*got == 0) return {};
      filled_ += *got;
      const auto whole = Check();
      if (!whole) return Fail(whole.error());
      if (*whole == 0) continue;
      QUIRE_TRY(Store({received_.data(), *whole}));
      std::memmove(received_.data(), received_.data() + *whole, filled_ - *whole);
      filled_ -= *whole;
      QUIRE_TRY(socket.Send({reinterpret_cast<const char*>(&last_), sizeof(last_)}));
    }
  }

 private:
  // How many bytes of what was received are whole, right entries.
  Result<std::size_t> Check() {
    std::size_t at = 0;
    while (filled_ - at >= sizeof(FloorHeader)) {
      FloorHeader header;
      std::memcpy(&header, received_.data() + at, sizeof(header));
      if (filled_ - at < sizeof(header) + header.size) break;
      const std::string_view payload(received_.data() + at + sizeof(header), header.size);
      if (header.id != last_ + 1 || header.crc != FloorCrc(header.id, payload)) {
        return Fail(Errc::kCorrupt, "entry " + std::to_string(last_ + 1) + " of the floor");
      }
      last_ = header.id;
      at += sizeof(header) + header.size;
    }
    return at;
  }

  Result<void> Store(std::string_view bytes) {
    batch_.Clear();
    batch_.Append(bytes);
    batch_.Pad();
    QUIRE_TRY(journal_.Write(batch_.view()));
    while (!bytes.empty()) {
      const auto some = std::min(bytes.size(), kSegmentWriteBytes - staged_.size());
      staged_.Append(bytes.substr(0, some));
      bytes.remove_prefix(some);
      if (staged_.size() < kSegmentWriteBytes) break;
      QUIRE_TRY(segment_.Write(staged_.view()));
      staged_.Clear();
    }
    return {};
  }

  FloorFile journal_;
  FloorFile segment_;
  std::string received_ = std::string(kReceiveBytes, '\0');
  std::size_t filled_ = 0;  // bytes of received_ that are content
  FloorAck last_ = 0;
  AlignedBuffer batch_;
  AlignedBuffer staged_;  // for the segment
};

}  // namespace

Result<void> RunFloorReplica(const std::string& directory) {
  auto journal = FloorFile::Create(directory + "/journal", FloorFile::Mode::kDirect);
  if (!journal) return Fail(std::move(journal).error());
  auto segment = FloorFile::Create(directory + "/segment", FloorFile::Mode::kDirectUnsynced);
  if (!segment) return Fail(std::move(segment).error());
  auto listening = FloorSocket::Listen();
  if (!listening) return Fail(std::move(listening).error());
  if (Print(std::to_string(listening->port()) + "\n") != kExitOk) return Fail(Errc::kIo, "stdout");
  const auto socket = listening->Accept();
  if (!socket) return Fail(socket.error());
  return Replica(*std::move(journal), *std::move(segment)).Serve(*socket);
}

}  // namespace quire::tools
