#pragma once

#include "rpc/bookie_handler.h"

namespace quire::rpc {

// A bookie of which only the adds are of interest, to measure and to try out the way there: every
// other call is answered at once, with nothing.
class AddsOnlyHandler : public BookieHandler {
 public:
  void Read(protocol::ReadRequest, common::Callback<protocol::ReadReply> done) override {
    done({});
  }
  void Lac(protocol::LacRequest, common::Callback<protocol::LacReply> done) override { done({}); }
  void WriteLac(protocol::WriteLacRequest,
                common::Callback<protocol::WriteLacReply> done) override {
    done({});
  }
  void ListEntries(protocol::ListEntriesRequest,
                   common::Callback<protocol::ListEntriesReply> done) override {
    done({});
  }
  void Status(protocol::StatusRequest, common::Callback<protocol::StatusReply> done) override {
    done({});
  }
  bool Accepting() const override { return true; }
};

}  // namespace quire::rpc
