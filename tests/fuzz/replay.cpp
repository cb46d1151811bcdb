// Runs a decoder, without libFuzzer, over its corpus, every truncation of valid inputs, and seeded
// random changes of all of them.
//
//   fuzz_NAME CORPUS          all of it
//   fuzz_NAME CORPUS NUMBER   the one change of that number

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sys/resource.h>
#include <unistd.h>

#include "mutate.hpp"
#include "target.hpp"

namespace {

using namespace shoal::fuzz;

constexpr long most_growth_kib = 64L << 10;  // of resident memory, over the whole replay

std::string now_trying;  // for the line that a crash leaves

void tell_what_was_tried(int) {
  now_trying += '\n';
  [[maybe_unused]] auto written = write(STDERR_FILENO, now_trying.data(), now_trying.size());
  _exit(1);
}

void decode(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::vector<std::string> replay_corpus(const std::filesystem::path& folder) {
  std::vector<std::string> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    now_trying = "fuzz: died of " + entry.path().string();
    decode(inputs.back());
  }
  return inputs;
}

void replay_truncations(const std::vector<std::string>& inputs) {
  for (std::size_t which = 0; which < inputs.size(); ++which) {
    // Messages at every byte; a file of many pages here and there.
    const std::size_t step = std::max<std::size_t>(1, inputs[which].size() / 1024);
    for (std::size_t size = 0; size < inputs[which].size(); size += step) {
      now_trying = "fuzz: died of the first " + std::to_string(size) + " bytes of valid input " +
                   std::to_string(which);
      decode(inputs[which].substr(0, size));
    }
  }
}

void replay_mutation(const std::vector<std::string>& seeds, std::uint64_t number) {
  now_trying = "fuzz: died of the change number " + std::to_string(number);
  decode(mutated(seeds, number));
}

long peak_resident_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: " << argv[0] << " CORPUS [NUMBER]\n";
    return 2;
  }
  std::signal(SIGABRT, tell_what_was_tried);
  std::vector<std::string> valid = valid_inputs();
  for (const std::string& input : valid) decode(input);
  const long before = peak_resident_kib();

  std::vector<std::string> seeds = replay_corpus(argv[1]);
  std::erase_if(seeds, [](const std::string& input) { return input.size() > 4096; });
  seeds.insert(seeds.end(), valid.begin(), valid.end());
  if (argc > 2) {
    std::string_view text = argv[2];
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    replay_mutation(seeds, number);
    return 0;
  }
  replay_truncations(valid);
  for (std::uint64_t number = 0; number < replayed_mutations(); ++number) {
    replay_mutation(seeds, number);
  }

  const long grown = peak_resident_kib() - before;
  std::cout << seeds.size() << " seeds, " << replayed_mutations() << " changes, " << grown
            << " KiB grown\n";
  if (grown <= most_growth_kib) return 0;
  std::cerr << "fuzz: resident memory grew by " << grown << " KiB; " << most_growth_kib
            << " is the limit\n";
  return 1;
}
