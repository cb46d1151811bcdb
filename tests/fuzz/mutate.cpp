#include "mutate.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace shoal::fuzz {
namespace {

// Ends of ranges, msgpack's containers and long lengths, and what texts are cut at.
constexpr std::array<unsigned char, 28> telling{
    0x00, 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc4, 0xc6, 0xc9, 0xcf,
    0xd3, 0xdb, 0xdc, 0xdd, 0xdf, 0xfe, 0xff, '"',  '\\', '\n', '{',  '[',  ',',  '-'};

class Mutator {
 public:
  Mutator(const std::vector<std::string>& seeds, std::uint64_t number)
      : seeds_(seeds), random_(number) {}

  std::string make() {
    std::string text = seed();
    for (std::uint64_t changes = 1 + below(4); changes > 0; --changes) change(text);
    return text;
  }

 private:
  // The standard's distributions differ from one library to the next.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  const std::string& seed() { return seeds_[below(seeds_.size())]; }
  char telling_byte() { return static_cast<char>(telling[below(telling.size())]); }

  void change(std::string& text) {
    if (text.empty()) text += telling_byte();
    const std::size_t at = below(text.size());
    const std::size_t length = 1 + below(std::min<std::size_t>(text.size() - at, 16));
    switch (below(7)) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        text[at] = telling_byte();
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, text.substr(at, length));
        break;
      case 4:
        text.insert(at, 1 + below(8), telling_byte());
        break;
      case 5:
        for (std::size_t i = at; i < at + length; ++i) text[i] = '\xff';
        break;
      default:
        const std::string& other = seed();
        if (!other.empty()) text.replace(at, length, other.substr(below(other.size()), 64));
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_;
};

}  // namespace

std::string mutated(const std::vector<std::string>& seeds, std::uint64_t number) {
  return Mutator(seeds, number).make();
}

}  // namespace shoal::fuzz
