#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tests/overload/add_stream.h"

namespace quire::overload {

// Reads acknowledged entries of some add streams at random, many at once, over a connection of its
// own, and looks at every byte. Loop thread only; destroyed there.
class ReadStream final : public std::enable_shared_from_this<ReadStream> {
 public:
  ReadStream(rpc::AsioLoop& loop, common::Random& random, const Target& target,
             std::vector<std::shared_ptr<AddStream>> sources, std::size_t most_calls);

  // False: enough is without answer, or there is nothing to read yet.
  bool Offer();

  std::size_t outstanding() const { return outstanding_; }
  std::uint64_t entries() const { return entries_; }
  std::uint64_t refused() const { return refused_; }  // calls without entries
  std::uint64_t wrong() const { return wrong_; }      // acknowledged, and not there as it was
  Latencies& latencies() { return latencies_; }

 private:
  rpc::AsioLoop& loop_;
  common::Random& random_;
  const Target target_;
  const std::vector<std::shared_ptr<AddStream>> sources_;
  const std::size_t most_calls_;
  rpc::ConnectionPool pool_;
  std::size_t outstanding_ = 0;
  std::uint64_t entries_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t wrong_ = 0;
  Latencies latencies_;
};

}  // namespace quire::overload
