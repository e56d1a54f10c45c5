#include "protocol/quorum.h"

#include "protocol/limits.h"

namespace quire::protocol {

common::Result<void> Replication::Check() const {
  using common::Errc;
  using common::Fail;
  if (ensemble > kMaxEnsembleSize) {
    return Fail(Errc::kInvalidArgument, "ensemble " + std::to_string(ensemble) +
                                            " is above the limit of " +
                                            std::to_string(kMaxEnsembleSize));
  }
  if (ensemble < 1) return Fail(Errc::kInvalidArgument, "ensemble must be at least 1");
  if (ensemble < write_quorum) {
    return Fail(Errc::kInvalidArgument,
                "write quorum " + std::to_string(write_quorum) + " is larger than the ensemble " +
                    std::to_string(ensemble) + "; it needs ensemble >= write quorum >= ack quorum");
  }
  if (write_quorum < ack_quorum) {
    return Fail(Errc::kInvalidArgument, "ack quorum " + std::to_string(ack_quorum) +
                                            " is larger than the write quorum " +
                                            std::to_string(write_quorum) +
                                            "; it needs ensemble >= write quorum >= ack quorum");
  }
  if (ack_quorum < 1) return Fail(Errc::kInvalidArgument, "ack quorum must be at least 1");
  return {};
}

bool Covered(const Replication& r, SlotSet known) {
  for (int first = 0; first < r.ensemble; ++first) {
    int unknown = 0;
    for (int i = 0; i < r.write_quorum; ++i) {
      if (!known.Contains(WriteSetSlot(r, EntryId(first), i))) ++unknown;
    }
    if (unknown >= r.ack_quorum) return false;
  }
  return true;
}

}  // namespace quire::protocol
