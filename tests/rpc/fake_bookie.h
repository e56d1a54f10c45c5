#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rpc/bookie_channel.h"
#include "rpc/bookie_handler.h"

namespace quire::rpc::testing {

// A handler that keeps every call until the test answers it, in any order.
class FakeBookie final : public BookieHandler {
 public:
  struct AddCall {
    protocol::BookieId bookie;
    std::vector<std::string> entries;
    std::vector<protocol::LedgerKey> keys;
    std::vector<bool> recovery;
    std::int32_t deadline_ms = 0;
    common::Callback<std::vector<protocol::Code>> done;

    void AnswerAll(protocol::Code code) {
      std::exchange(done, nullptr)(std::vector(entries.size(), code));
    }
  };
  template <typename Request, typename Reply>
  struct Held {
    Request request;
    common::Callback<Reply> done;
  };

  void Add(protocol::BookieId bookie, std::span<const protocol::Add> adds,
           common::Callback<std::vector<protocol::Code>> done) override {
    AddCall& call = add_calls.emplace_back();
    call.bookie = bookie;
    for (const protocol::Add& add : adds) {
      call.entries.emplace_back(add.entry);
      call.keys.push_back(add.key);
      call.recovery.push_back(add.recovery);
      call.deadline_ms = add.deadline_ms;
    }
    call.done = std::move(done);
    if (answer_at_once) call.AnswerAll(protocol::Code::kOk);
  }
  void Read(protocol::ReadRequest request, common::Callback<protocol::ReadReply> done) override {
    reads.push_back({std::move(request), std::move(done)});
  }
  void Lac(protocol::LacRequest request, common::Callback<protocol::LacReply> done) override {
    lacs.push_back({std::move(request), std::move(done)});
  }
  void WriteLac(protocol::WriteLacRequest request,
                common::Callback<protocol::WriteLacReply> done) override {
    write_lacs.push_back({std::move(request), std::move(done)});
  }
  void ListEntries(protocol::ListEntriesRequest request,
                   common::Callback<protocol::ListEntriesReply> done) override {
    lists.push_back({std::move(request), std::move(done)});
  }
  void Status(protocol::StatusRequest request,
              common::Callback<protocol::StatusReply> done) override {
    statuses.push_back({std::move(request), std::move(done)});
  }
  bool Accepting() const override { return accepting; }
  std::int32_t RetryAfterMs(protocol::BookieId /*bookie*/) const override { return retry_after_ms; }

  std::size_t adds() const {
    std::size_t count = 0;
    for (const AddCall& call : add_calls) count += call.entries.size();
    return count;
  }

  bool accepting = true;
  std::int32_t retry_after_ms = 0;
  bool answer_at_once = false;
  std::deque<AddCall> add_calls;
  std::deque<Held<protocol::ReadRequest, protocol::ReadReply>> reads;
  std::deque<Held<protocol::LacRequest, protocol::LacReply>> lacs;
  std::deque<Held<protocol::WriteLacRequest, protocol::WriteLacReply>> write_lacs;
  std::deque<Held<protocol::ListEntriesRequest, protocol::ListEntriesReply>> lists;
  std::deque<Held<protocol::StatusRequest, protocol::StatusReply>> statuses;
};

// Remembers the outcome of adds by entry id.
class RecordingSink final : public AddSink {
 public:
  void OnAdd(const AddTicket& ticket, protocol::Code code) override {
    outcomes.emplace_back(ticket.entry, code);
  }
  std::size_t count(protocol::Code code) const {
    std::size_t found = 0;
    for (const auto& [entry, outcome] : outcomes) found += outcome == code ? 1 : 0;
    return found;
  }

  std::vector<std::pair<protocol::EntryId, protocol::Code>> outcomes;
};

}  // namespace quire::rpc::testing
