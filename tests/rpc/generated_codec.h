#pragma once

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <string>
#include <string_view>

#include "common/bytes.h"

namespace quire::rpc::testing {

// A frame as Thrift itself makes it: the oracle for the codecs of rpc/.
template <typename Body>
std::string GeneratedFrame(const std::string& name, apache::thrift::protocol::TMessageType type,
                           std::int32_t seqid, const Body& body) {
  auto buffer = std::make_shared<apache::thrift::transport::TMemoryBuffer>();
  apache::thrift::protocol::TBinaryProtocol writer(buffer);
  writer.writeMessageBegin(name, type, seqid);
  body.write(&writer);
  writer.writeMessageEnd();
  const std::string message = buffer->getBufferAsString();
  std::string frame;
  common::AppendBig(frame, static_cast<std::uint32_t>(message.size()));
  return frame + message;
}

// Reads a struct with the generated code.
template <typename Body>
void ReadGenerated(std::string_view bytes, Body& body) {
  auto buffer = std::make_shared<apache::thrift::transport::TMemoryBuffer>();
  buffer->write(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                static_cast<std::uint32_t>(bytes.size()));
  apache::thrift::protocol::TBinaryProtocol reader(buffer);
  body.read(&reader);
}

}  // namespace quire::rpc::testing
