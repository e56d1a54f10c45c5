#pragma once

#include <memory>

#include "client/client_core.h"
#include "client/ledger_reader.h"
#include "client/reader.h"

namespace quire::client {

// The thread-safe side of a Reader.
class LedgerReader::Impl {
 public:
  Impl(std::shared_ptr<ClientCore> core, std::shared_ptr<Reader> reader)
      : core_(std::move(core)),
        reader_(std::move(reader)),
        first_metadata_(reader_->metadata()),
        farewell_(std::make_shared<common::Task>([reader = reader_] { reader->Stop(); })) {
    core_->AtShutdown(farewell_);
  }
  ~Impl() {
    core_->loop().Post([reader = reader_] { reader->Stop(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ClientCore& core() { return *core_; }
  const std::shared_ptr<Reader>& reader() { return reader_; }
  const metadata::LedgerMetadata& first_metadata() const { return first_metadata_; }

 private:
  const std::shared_ptr<ClientCore> core_;
  const std::shared_ptr<Reader> reader_;           // loop thread
  const metadata::LedgerMetadata first_metadata_;  // as it was opened
  const std::shared_ptr<common::Task> farewell_;
};

}  // namespace quire::client
