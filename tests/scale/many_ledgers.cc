#include "tests/scale/many_ledgers.h"

#include <chrono>
#include <future>
#include <vector>

#include "common/check.h"
#include "protocol/entry.h"

namespace quire::scale {

using protocol::Code;
using protocol::EntryId;
using protocol::LedgerId;

namespace {

constexpr std::int64_t kWindow = 20'000;
constexpr auto kBusyPause = std::chrono::milliseconds(5);

// Loop thread.
class Filler final : public rpc::AddSink, public std::enable_shared_from_this<Filler> {
 public:
  Filler(rpc::AsioLoop& loop, std::shared_ptr<rpc::BookieChannel> channel,
         protocol::BookieId bookie, const Filling& filling, std::promise<void>& done)
      : loop_(loop),
        channel_(std::move(channel)),
        bookie_(bookie),
        filling_(filling),
        done_(done) {}

  void Send() {
    while (next_ < filling_.total() && next_ - answered_ < kWindow) SendOne(next_++);
  }

  void OnAdd(const rpc::AddTicket& ticket, Code code) override {
    const std::int64_t number = ticket.entry.value();
    if (code == Code::kBusy) {
      loop_.After(kBusyPause, [self = shared_from_this(), number] { self->SendOne(number); });
      return;
    }
    QUIRE_CHECK(code == Code::kOk);
    if (++answered_ == filling_.total()) return done_.set_value();
    if (next_ - answered_ < kWindow / 2) Send();
  }

 private:
  // The ticket carries the number of the add, which says both ids.
  void SendOne(std::int64_t number) {
    const std::int64_t ledger = number % filling_.ledgers;
    const std::string bytes = EntryOf(ledger, number / filling_.ledgers, filling_.payload);
    channel_->Add(bookie_, {.entry = bytes, .key = KeyOf(ledger)},
                  {.sink = shared_from_this(), .entry = EntryId(number)});
  }

  rpc::AsioLoop& loop_;
  const std::shared_ptr<rpc::BookieChannel> channel_;
  const protocol::BookieId bookie_;
  const Filling filling_;
  std::promise<void>& done_;
  std::int64_t next_ = 0;
  std::int64_t answered_ = 0;
};

}  // namespace

protocol::LedgerKey KeyOf(std::int64_t ledger) {
  return {.high = 7, .low = static_cast<std::uint64_t>(ledger) + 1};
}

std::string EntryOf(std::int64_t ledger, std::int64_t entry, std::size_t payload) {
  std::string bytes;
  protocol::EncodeEntry({.ledger = LedgerId(ledger),
                         .entry = EntryId(entry),
                         .lac = EntryId(entry - 1),
                         .length = static_cast<std::int64_t>(payload) * (entry + 1)},
                        std::string(payload, static_cast<char>('a' + (ledger + entry) % 26)),
                        bytes);
  return bytes;
}

void Fill(rpc::AsioLoop& loop, const std::shared_ptr<rpc::BookieChannel>& channel,
          protocol::BookieId bookie, const Filling& filling) {
  if (filling.total() == 0) return;
  std::promise<void> done;
  const auto filler = std::make_shared<Filler>(loop, channel, bookie, filling, done);
  loop.Post([filler] { filler->Send(); });
  done.get_future().wait();
}

}  // namespace quire::scale
