#include "tools/status_text.h"

#include <gtest/gtest.h>

namespace quire::tools {
namespace {

using Json = nlohmann::ordered_json;

TEST(StatusTextTest, ShowsEveryMemberWithItsUnit) {
  const auto status = Json::parse(R"({
    "phase": "serving", "ready": false, "not_ready_because": ["/a: it", "/b: so"],
    "start_time_seconds": 1, "uptime_seconds": 11045.7, "resident_bytes": 1500000,
    "server": {"connections": 3, "accepted": 1234567},
    "bookies": [
      {"bookie": "00ff", "why": [], "free_bytes": 999, "errors": {}, "compaction": null,
       "journal": {"last_lsn": 7, "queued_bytes": 2000, "full": true, "share": 0.5}},
      {"bookie": "11ff"}]})");
  EXPECT_EQ(StatusText(status),
            "phase               serving\n"
            "ready               no\n"
            "not ready because   /a: it, /b: so\n"
            "uptime              3 h 4 min\n"
            "resident            1.5 MB\n"
            "server              connections 3, accepted 1,234,567\n"
            "\n"
            "bookie              00ff\n"
            "why                 none\n"
            "free                999 bytes\n"
            "errors              none\n"
            "compaction          none\n"
            "journal             last lsn 7, queued 2.0 KB, full yes, share 0.5\n"
            "\n"
            "bookie              11ff\n");
}

TEST(StatusTextTest, TimesAreForPeople) {
  const auto shown = [](double seconds) {
    return StatusText(Json{{"a_seconds", seconds}}).substr(20);
  };
  EXPECT_EQ(shown(0.4), "0 s\n");
  EXPECT_EQ(shown(60), "1 min\n");
  EXPECT_EQ(shown(3599), "59 min 59 s\n");
  EXPECT_EQ(shown(90'000), "1 d 1 h\n");
}

}  // namespace
}  // namespace quire::tools
