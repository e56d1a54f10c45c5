#pragma once

#include <bookie_types.h>

#include "protocol/messages.h"

namespace quire::rpc {

// The one place where the generated structs and the structs of protocol/ meet.

protocol::wire::ReadRequest ToWire(const protocol::ReadRequest& request);
protocol::wire::LacRequest ToWire(const protocol::LacRequest& request);
protocol::wire::WriteLacRequest ToWire(const protocol::WriteLacRequest& request);
protocol::wire::ListEntriesRequest ToWire(const protocol::ListEntriesRequest& request);
protocol::wire::StatusRequest ToWire(const protocol::StatusRequest& request);

protocol::wire::ReadReply ToWire(protocol::ReadReply&& reply);
protocol::wire::LacReply ToWire(const protocol::LacReply& reply);
protocol::wire::WriteLacReply ToWire(const protocol::WriteLacReply& reply);
protocol::wire::ListEntriesReply ToWire(const protocol::ListEntriesReply& reply);
protocol::wire::StatusReply ToWire(const protocol::StatusReply& reply);

// False: the request breaks the contract (Code::kBadRequest), the reply makes no sense.
bool FromWire(protocol::wire::ReadRequest&& wire, protocol::ReadRequest& request);
bool FromWire(protocol::wire::LacRequest&& wire, protocol::LacRequest& request);
bool FromWire(protocol::wire::WriteLacRequest&& wire, protocol::WriteLacRequest& request);
bool FromWire(protocol::wire::ListEntriesRequest&& wire, protocol::ListEntriesRequest& request);
bool FromWire(protocol::wire::StatusRequest&& wire, protocol::StatusRequest& request);

bool FromWire(protocol::wire::ReadReply&& wire, protocol::ReadReply& reply);
bool FromWire(protocol::wire::LacReply&& wire, protocol::LacReply& reply);
bool FromWire(protocol::wire::WriteLacReply&& wire, protocol::WriteLacReply& reply);
bool FromWire(protocol::wire::ListEntriesReply&& wire, protocol::ListEntriesReply& reply);
bool FromWire(protocol::wire::StatusReply&& wire, protocol::StatusReply& reply);

}  // namespace quire::rpc
