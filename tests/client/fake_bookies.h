#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/loop.h"
#include "protocol/entry.h"
#include "rpc/bookie_channel.h"

namespace quire::client {

// Bookies behind a ChannelPool that do what the test says: store, answer, hang, lie. Each daemon
// "dN" may hold several of them.
class FakeBookies final : public rpc::ChannelPool {
 public:
  static constexpr common::Duration kAddTimeout = std::chrono::seconds(5);

  struct Bookie {
    std::map<protocol::EntryId, std::string> entries;
    protocol::EntryId lac = protocol::kNoEntry;
    bool fenced = false;
    bool hangs = false;                        // answers nothing; the caller times out
    common::Duration delay{0};                 // before each answer
    std::optional<protocol::Code> answer;      // to everything
    std::optional<protocol::Code> add_answer;  // to adds
    std::size_t reply_entries = SIZE_MAX;      // a read reply reaches its bound after so many
    std::int32_t retry_after_ms = 0;           // of its kBusy
    bool holds_polls = true;                   // false: answers long polls at once
    std::vector<protocol::ReadRequest> reads;  // that came
    std::vector<protocol::LacRequest> lacs;
    std::vector<protocol::EntryId> told_lacs;  // explicit ones
    std::vector<protocol::EntryId> adds;
    struct Poll {
      std::uint64_t id = 0;
      protocol::LacRequest request;
      common::Callback<protocol::LacReply> done;
    };
    std::vector<Poll> polls;  // held back
  };

  explicit FakeBookies(common::Loop& loop) : loop_(loop) {}

  Bookie& at(protocol::BookieId id) { return bookies_[id]; }
  void SetLac(protocol::BookieId id, std::int64_t lac) {
    at(id).lac = protocol::EntryId(lac);
    WakePolls(id);
  }
  void Fence(protocol::BookieId id) {
    at(id).fenced = true;
    WakePolls(id);
  }
  // Forgets held polls, as when the loop goes.
  void Clear() {
    for (auto& [id, bookie] : bookies_) bookie.polls.clear();
  }

  std::shared_ptr<rpc::BookieChannel> Get(const std::string& address) override {
    auto& channel = channels_[address];
    if (!channel) channel = std::make_shared<Channel>(*this);
    return channel;
  }

 private:
  class Channel final : public rpc::BookieChannel {
   public:
    explicit Channel(FakeBookies& bookies) : bookies_(bookies) {}
    void Add(protocol::BookieId id, const protocol::Add& add, rpc::AddTicket ticket) override {
      Bookie& bookie = bookies_.at(id);
      const auto header = protocol::PeekEntryHeader(add.entry);
      bookie.adds.push_back(header.entry);
      protocol::Code code = bookie.answer.value_or(bookie.add_answer.value_or(protocol::Code::kOk));
      if (code == protocol::Code::kOk && bookie.fenced && !add.recovery)
        code = protocol::Code::kFenced;
      if (code == protocol::Code::kOk && !bookie.hangs) {
        bookie.entries[header.entry] = std::string(add.entry);
        bookie.lac = std::max(bookie.lac, header.lac);
        bookies_.WakePolls(id);
      }
      if (bookie.hangs) code = protocol::Code::kTimeout;
      bookies_.Later(bookie.hangs ? kAddTimeout : bookie.delay,
                     [ticket = std::move(ticket), code, retry = bookie.retry_after_ms]() mutable {
                       if (code == protocol::Code::kBusy) ticket.retry_after_ms = retry;
                       ticket.sink->OnAdd(ticket, code);
                     });
    }
    void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) override {
      Bookie& bookie = bookies_.at(request.bookie);
      bookie.reads.push_back(request);
      if (request.fence) bookie.fenced = true;
      protocol::ReadReply reply{.code = bookie.answer.value_or(protocol::Code::kOk), .answers = {}};
      if (reply.code == protocol::Code::kOk) {
        for (const auto entry : request.entries) {
          if (reply.answers.size() == bookie.reply_entries) break;
          const auto found = bookie.entries.find(entry);
          if (found == bookie.entries.end()) {
            reply.answers.push_back({protocol::Code::kNoEntry, ""});
          } else {
            reply.answers.push_back({protocol::Code::kOk, found->second});
          }
        }
      }
      if (reply.code == protocol::Code::kBusy) reply.retry_after_ms = bookie.retry_after_ms;
      Answer(bookie, request.deadline_ms, std::move(reply), std::move(done));
    }
    void Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) override {
      Bookie& bookie = bookies_.at(request.bookie);
      bookie.lacs.push_back(request);
      if (request.fence) bookie.fenced = true;
      const bool news = bookie.lac > request.known_lac || bookie.fenced;
      if (request.wait_ms > 0 && !news && !bookie.answer && !bookie.hangs && bookie.holds_polls) {
        const auto limit = std::chrono::milliseconds(request.wait_ms);
        const std::uint64_t poll = ++bookies_.last_poll_;
        bookie.polls.push_back({poll, request, std::move(done)});
        bookies_.loop_.After(limit,
                             [this, id = request.bookie, poll] { bookies_.ExpirePoll(id, poll); });
        return;
      }
      Answer(bookie, request.deadline_ms + request.wait_ms, LacNow(bookie), std::move(done));
    }
    void WriteLac(protocol::WriteLacRequest request,
                  common::Callback<protocol::WriteLacReply> done) override {
      Bookie& bookie = bookies_.at(request.bookie);
      if (const auto lac = protocol::VerifyLac(request.record, request.ledger)) {
        bookie.told_lacs.push_back(*lac);
        bookie.lac = std::max(bookie.lac, *lac);
        bookies_.WakePolls(request.bookie);
      }
      Answer(bookie, request.deadline_ms,
             protocol::WriteLacReply{bookie.answer.value_or(protocol::Code::kOk)}, std::move(done));
    }
    void ListEntries(protocol::ListEntriesRequest,
                     common::Callback<protocol::ListEntriesReply> done) override {
      bookies_.Later({}, [done = std::move(done)]() mutable { done({}); });
    }
    void Status(protocol::StatusRequest, common::Callback<protocol::StatusReply> done) override {
      bookies_.Later({}, [done = std::move(done)]() mutable { done({}); });
    }

   private:
    template <typename Reply>
    void Answer(const Bookie& bookie, std::int32_t deadline_ms, Reply reply,
                common::Callback<Reply> done) {
      common::Duration delay = bookie.delay;
      if (bookie.hangs) {
        reply = Reply{};
        reply.code = protocol::Code::kTimeout;
        delay = std::chrono::milliseconds(deadline_ms == 0 ? 5000 : deadline_ms);
      }
      bookies_.Later(delay, [reply = std::move(reply), done = std::move(done)]() mutable {
        done(std::move(reply));
      });
    }
    FakeBookies& bookies_;
  };

  static protocol::LacReply LacNow(const Bookie& bookie) {
    return {.code = bookie.answer.value_or(protocol::Code::kOk),
            .lac = bookie.lac,
            .fenced = bookie.fenced};
  }
  void Later(common::Duration delay, common::Task task) {
    if (delay == common::Duration(0)) return loop_.Post(std::move(task));
    loop_.After(delay, std::move(task));
  }
  void WakePolls(protocol::BookieId id) {
    Bookie& bookie = at(id);
    std::vector<Bookie::Poll> kept;
    for (auto& poll : bookie.polls) {
      if (bookie.lac > poll.request.known_lac || bookie.fenced) {
        Later(bookie.delay,
              [reply = LacNow(bookie), done = std::move(poll.done)]() mutable { done(reply); });
      } else {
        kept.push_back(std::move(poll));
      }
    }
    bookie.polls = std::move(kept);
  }
  void ExpirePoll(protocol::BookieId id, std::uint64_t poll) {
    Bookie& bookie = at(id);
    const auto found = std::ranges::find(bookie.polls, poll, &Bookie::Poll::id);
    if (found == bookie.polls.end()) return;
    auto done = std::move(found->done);
    bookie.polls.erase(found);
    done(LacNow(bookie));
  }

  common::Loop& loop_;
  std::map<protocol::BookieId, Bookie> bookies_;
  std::map<std::string, std::shared_ptr<rpc::BookieChannel>> channels_;
  std::uint64_t last_poll_ = 0;
};

}  // namespace quire::client
