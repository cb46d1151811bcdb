#include <charconv>
#include <limits>

#include <shoal/wire/hello.hpp>

namespace shoal::wire {
namespace {

/// The decimal number in a field; 0 where there is none.
template <typename Number>
Number number_in(const Hello& hello, const char* name) {
  Number number = 0;
  if (auto field = hello.fields.find(name); field != hello.fields.end()) {
    const std::string& text = field->second;
    std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

}  // namespace

std::uint32_t slots_of(const Hello& hello) {
  auto slots = number_in<std::uint32_t>(hello, slots_field);
  return slots == 0 ? 1 : slots;
}

std::uint64_t takes_of(const Hello& hello) {
  auto takes = number_in<std::uint64_t>(hello, takes_field);
  return takes == 0 ? std::numeric_limits<std::uint64_t>::max() : takes;
}

}  // namespace shoal::wire
