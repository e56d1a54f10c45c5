#pragma once

#include <string>

#include "common/error.h"
#include "protocol/uuid.h"

namespace quire::tools {

// Makes a new, empty cluster at the URI: its root and its instance id. kNodeExists when there is
// one already; kMetadataUnavailable when ZooKeeper does not answer. Nothing is left half made: the
// instance is one node.
common::Result<protocol::InstanceId> InitClusterAt(const std::string& metadata_uri);

// The id of the cluster at the URI. kWrongInstance when there is none.
common::Result<protocol::InstanceId> InstanceAt(const std::string& metadata_uri);

}  // namespace quire::tools
