#include <algorithm>
#include <cerrno>
#include <cstring>
#include <pthread.h>
#include <sys/random.h>

#include <xxhash.h>

#include <shoal/base/error.hpp>
#include <shoal/base/id.hpp>

namespace shoal {
namespace {

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// Random bytes fetched ahead: a request is faster than a system call for its id. After a fork the
// child fetches its own.
constexpr std::size_t most = 4096;
struct Reserve {
  std::array<char, most> bytes{};
  std::size_t used = most;
};
thread_local Reserve reserve;

// A signal may cut short what is more than 256 bytes.
void refill() {
  for (std::size_t filled = 0; filled < most;) {
    ssize_t bytes = getrandom(reserve.bytes.data() + filled, most - filled, 0);
    if (bytes < 0 && errno != EINTR) {
      throw system_error("cannot read random numbers from the kernel");
    }
    if (bytes > 0) filled += static_cast<std::size_t>(bytes);
  }
  reserve.used = 0;
}

}  // namespace

Id Id::random() {
  static const bool guarded = pthread_atfork(nullptr, nullptr, [] { reserve.used = most; }) == 0;
  if (reserve.used == most || !guarded) {
    refill();
  }
  Id id;
  std::memcpy(id.raw_.data(), reserve.bytes.data() + reserve.used, size);
  reserve.used += size;
  return id;
}

Id Id::of_name(std::string_view name) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(name.data(), name.size()));
  Id id;
  std::copy_n(canonical.digest, size, id.raw_.begin());
  return id;
}

std::optional<Id> Id::from_bytes(std::string_view raw) {
  if (raw.size() != size) return std::nullopt;
  Id id;
  std::memcpy(id.raw_.data(), raw.data(), size);
  return id;
}

std::optional<Id> Id::from_hex(std::string_view text) {
  if (text.size() != 2 * size) return std::nullopt;
  Id id;
  for (std::size_t i = 0; i < size; ++i) {
    int high = digit_value(text[2 * i]);
    int low = digit_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.raw_[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return id;
}

std::string Id::hex() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::uint8_t byte : raw_) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace shoal
