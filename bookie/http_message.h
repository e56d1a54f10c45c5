#pragma once

#include <functional>
#include <string>

#include "common/loop.h"

namespace quire::bookie {

struct HttpRequest {
  std::string method;     // "GET"
  std::string target;     // path and query as sent
  bool loopback = false;  // the client is on this machine
  bool browser = false;   // a page of another site may have sent it
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string allow = {};  // of a 405
};

// Makes the response, on the server's thread: whoever completes a request need only hand over what
// the response is made of.
using HttpAnswer = std::move_only_function<HttpResponse()>;

// Called on the server's thread. `done` at most once, from any thread.
using HttpHandler = std::function<void(const HttpRequest&, common::Callback<HttpAnswer> done)>;

}  // namespace quire::bookie
