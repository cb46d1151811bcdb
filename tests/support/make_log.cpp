// Makes a publisher's log of the lines on stdin: make_log DIR SEGMENT_SIZE [TOPIC]. A group of ten
// records a sync, after which the head stands on stdout; the record's time is its offset in
// seconds, its header n its offset.

#include <cstdlib>
#include <iostream>
#include <string>

#include <shoal/store/log_writer.hpp>

using namespace shoal;

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  store::LogWriter log({.folder = argv[1], .segment_size = std::strtoull(argv[2], nullptr, 10)});
  std::string line;
  while (std::getline(std::cin, line)) {
    std::string headers = *store::encode_log_headers({{"n", std::to_string(log.end())}});
    store::NewRecord record{
        .topic = argc > 3 ? argv[3] : "msg", .headers = headers, .payload = line};
    log.append({&record, 1}, log.end() * 1'000'000'000);
    if (log.end() % 10 != 0) continue;
    log.sync();
    std::cout << log.end() << std::endl;
  }
  log.sync();
}
