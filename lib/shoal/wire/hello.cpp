#include <charconv>

#include <shoal/wire/hello.hpp>

namespace shoal::wire {

std::uint32_t slots_of(const Hello& hello) {
  std::uint32_t slots = 0;
  if (auto field = hello.fields.find(slots_field); field != hello.fields.end()) {
    const std::string& text = field->second;
    std::from_chars(text.data(), text.data() + text.size(), slots);
  }
  return slots == 0 ? 1 : slots;
}

}  // namespace shoal::wire
