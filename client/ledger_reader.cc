#include "client/ledger_reader.h"

#include <utility>

#include "client/ledger_reader_impl.h"

namespace quire::client {

LedgerReader::LedgerReader(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
LedgerReader::~LedgerReader() = default;

protocol::LedgerId LedgerReader::id() const {
  return impl_->first_metadata().id;
}

metadata::LedgerMetadata LedgerReader::metadata() const {
  auto ledger = impl_->core().Call<metadata::LedgerMetadata>(
      [reader = impl_->reader()](auto done) { done(reader->metadata()); });
  return ledger ? *std::move(ledger) : impl_->first_metadata();
}

Progress LedgerReader::progress() const {
  auto progress = impl_->core().Call<Progress>(
      [reader = impl_->reader()](auto done) { done(reader->progress()); });
  return progress ? *progress : Progress{};
}

common::Result<Progress> LedgerReader::ReadLac() {
  return impl_->core().Call<Progress>(
      [reader = impl_->reader()](auto done) { reader->ReadLac(std::move(done)); });
}

common::Result<std::vector<Entry>> LedgerReader::Read(protocol::EntryId first,
                                                      protocol::EntryId last) {
  return impl_->core().Call<std::vector<Entry>>([reader = impl_->reader(), first, last](auto done) {
    reader->Read(first, last, std::move(done));
  });
}

common::Result<Progress> LedgerReader::Wait(protocol::EntryId known, common::Duration at_most) {
  return impl_->core().Call<Progress>([reader = impl_->reader(), known, at_most](auto done) {
    reader->Wait(known, at_most, std::move(done));
  });
}

}  // namespace quire::client
