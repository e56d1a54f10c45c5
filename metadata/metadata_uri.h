#pragma once

#include <string>
#include <string_view>

#include "common/error.h"

namespace quire::metadata {

// Where the metadata of a cluster is: "zk://host:port[,host:port...]/root". The port may be left
// out (2181). The root keeps clusters apart that share servers, and is therefore not optional.
class MetadataUri {
 public:
  // kInvalidArgument with what is wrong and an example.
  static common::Result<MetadataUri> Parse(std::string_view text);

  const std::string& servers() const { return servers_; }  // "host:port,host:port"
  const std::string& root() const { return root_; }        // "/quire"

 private:
  MetadataUri(std::string servers, std::string root)
      : servers_(std::move(servers)), root_(std::move(root)) {}

  std::string servers_;
  std::string root_;
};

}  // namespace quire::metadata
