#include <string>

#include "bookie/journal_format.h"
#include "bookie/segment_format.h"
#include "protocol/uuid.h"
#include "tests/fuzz/corpus.h"

namespace quire::fuzz {
namespace {

void AddNames(Corpus& corpus) {
  constexpr protocol::BookieId kBookie{0x0102030405060708, 0xa90a0b0c0d0e0f10};
  corpus.Add("names", "uuid-hex", protocol::ToHex(kBookie));
  corpus.Add("names", "uuid-upper", "0102030405060708A90A0B0C0D0E0F10");
  corpus.Add("names", "uuid-bytes", protocol::ToBytes(kBookie));
  corpus.Add("names", "journal", bookie::JournalFileName(0x1234));
  corpus.Add("names", "segment", bookie::SegmentName(0xabcdef));
  corpus.Add("names", "path-part", "002a");
  corpus.Add("names", "path", "/ledgers/0000/0000/0000/002a");
}

void AddUris(Corpus& corpus) {
  corpus.Add("metadata_uri", "one", "zk://127.0.0.1:2181/quire");
  corpus.Add("metadata_uri", "three", "zk://a:1,b-c.example:65535,d_e/quire/test");
  corpus.Add("metadata_uri", "v6", "zk://[::1]:2181,[fe80::1]/q");
  corpus.Add("metadata_uri", "no-port", "zk://host:/q");
  corpus.Add("metadata_uri", "no-root", "zk://host:2181/");
}

void AddCounters(Corpus& corpus) {
  corpus.Add("id_counter", "first", "1");
  corpus.Add("id_counter", "large", "9223372036854775806");
  corpus.Add("id_counter", "largest", "9223372036854775807");
  corpus.Add("id_counter", "negative", "-5");
  corpus.Add("id_counter", "spaces", " 12 ");
}

void AddDaemonLines(Corpus& corpus) {
  const std::string least = "--metadata\nzk://a:1/q\n--dir\n/d";
  corpus.Add("bookie_config", "least", least);
  corpus.Add("bookie_config", "all",
             least +
                 "\n--dir\n/e\n--listen\n0.0.0.0:4000\n--advertise\nhost:5000\n"
                 "--gc-interval-seconds\n7\n--min-free-mb\n5\n--cache-mb\n3\n--journal-file-"
                 "mb\n2\n--log-level\nwarning");
  corpus.Add("bookie_config", "v6", least + "\n--listen=::1:3181");
  corpus.Add("bookie_config", "help", "--help");
  corpus.Add("bookie_config", "range", least + "\n--cache-mb\n0x10000");
  corpus.Add("bookie_config", "advertise-any", least + "\n--advertise\n0.0.0.0:1");
}

void AddDaemonFiles(Corpus& corpus) {
  const std::string least = "metadata = \"zk://a:1/q\"\ndir = [\"/d\"]\n";
  corpus.Add("bookie_config_file", "least", least);
  corpus.Add("bookie_config_file", "all",
             least +
                 "listen = '0.0.0.0:4000'  # everywhere\nadvertise = 'host:5000'\nhttp = 'off'\n"
                 "http_control = true\ngc_interval_seconds = 7\nmin_free_mb = 0x10\n"
                 "cache_mb = 65_536\nlog_level = \"warning\"\nlog_format = \"json\"\n");
  corpus.Add("bookie_config_file", "section", "[bookie]\ncache_mb = 1\n");
  corpus.Add("bookie_config_file", "type", "cache_mb = 1.5\n");
  corpus.Add("bookie_config_file", "section-noise", "[`oob = 0\n");
  corpus.Add("bookie_config_file", "almost-space", "metad\xef\xbb\xb9 q \n\"rdi= \"");
  corpus.Add("bookie_config_file", "twice", "cache_mb = 1\ncache_mb = 1\n");
  corpus.Add("bookie_config_file", "escapes",
             "dir = [\"/\\u00e9\\t\\\"\", '/x', \"\"\"/y\"\"\"]\n");
}

void AddCommandLines(Corpus& corpus) {
  const auto add = [&corpus](const char* name, const char* lines) {
    corpus.Add("quire_cli", name, lines);
  };
  add("write", "ledger\nwrite\n-E\n3\n-W\n2\n-A\n2\n--lines\n--report-acks\n--no-close");
  add("write-size", "ledger\nwrite\n--entry-size\n65536");
  add("read", "--metadata\nzk://a:1/q\nledger\nread\n42\n--from\n1\n--to\n9\n--lines");
  add("tail", "ledger\ntail\n42");
  add("map", "--output\njson\nledger\nmap\n42\n--verify");
  add("list", "ledger\nlist\n--after\n-1\n--limit\n10");
  add("seal", "ledger\nseal\n9223372036854775807");
  add("id-too-large", "ledger\ninfo\n9223372036854775808");
  add("bookie-info", "bookie\ninfo\n127.0.0.1:3181");
  add("cluster-up", "cluster\nup\n--bookies\n5\n--dir\n/tmp/q");
  add("cluster-status", "cluster\nstatus\n--output=table");
  add("bench", "bench\nappend\n--local\n3\n--window\n100\n--seconds\n0.5\n--ledgers\n2");
  add("help", "ledger\nread\n--help");
}

void AddStreams(Corpus& corpus) {
  const std::string lines(2, '\0');
  corpus.Add("entry_source", "lines", lines + "one\n\nthree\nlast");
  corpus.Add("entry_source", "whole-lines", lines + "one\ntwo\n");
  corpus.Add("entry_source", "sizes", std::string("\0\5", 2) + "seventeen bytes!!");
  corpus.Add("entry_source", "nothing", lines);
}

}  // namespace

void AddTextSeeds(Corpus& corpus) {
  AddNames(corpus);
  AddUris(corpus);
  AddCounters(corpus);
  AddDaemonLines(corpus);
  AddDaemonFiles(corpus);
  AddCommandLines(corpus);
  AddStreams(corpus);
}

}  // namespace quire::fuzz
