#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#include <shoal/base/assert.hpp>
#include <shoal/base/error.hpp>
#include <shoal/base/scan.hpp>
#include <shoal/base/units.hpp>
#include <shoal/runtime/block_source.hpp>
#include <shoal/runtime/pipe.hpp>

namespace shoal::runtime {
namespace {

// Of a record that is left out as much is read at a stretch: some milliseconds of the loop's time.
constexpr std::uint64_t breath_bytes = 16UL << 20;

// Regular files always are; descriptors that are closed are too, and then reading tells.
bool readable(int fd) {
  pollfd asked{fd, POLLIN, 0};
  return poll(&asked, 1, 0) > 0;
}

// A block as large as the longest record and its delimiter holds no record that is too long.
std::size_t first_target(const BlockSourceOptions& options) {
  return std::min(options.block_bytes, options.max_record + 1);
}

BlockSourceOptions bounded(BlockSourceOptions options) {
  SHOAL_ASSERT(options.block_bytes > 0);
  options.max_record = std::min(options.max_record, SIZE_MAX / 4);
  return options;
}

}  // namespace

BlockSource::BlockSource(Reactor& reactor, BlockSourceOptions options,
                         std::function<void()> on_ready)
    : reactor_(reactor),
      options_(bounded(std::move(options))),
      on_ready_(std::move(on_ready)),
      target_(first_target(options_)),
      buffer_(options_.block_bytes) {
  if (options_.files.empty()) options_.files.emplace_back("-");
}

Pulled BlockSource::next() {
  waiting_.reset();
  while (failure_.empty()) {
    if (fd_ < 0 && next_file_ == options_.files.size()) return {.kind = Pulled::Kind::end};
    if (fd_ < 0 && !open_input()) break;
    if (std::optional<Pulled> pulled = next_of_input()) return std::move(*pulled);
    close_input();
  }
  return {.kind = Pulled::Kind::failed, .reason = failure_};
}

// Nothing where the input has no more or has failed.
std::optional<Pulled> BlockSource::next_of_input() {
  while (!ended_) {
    Fill filled = fill();
    if (filled == Fill::failed) return std::nullopt;
    if (leaving_out_) {
      if (std::optional<Pulled> pulled = leave_out(filled)) return pulled;
      continue;
    }
    if (filled == Fill::ended) {
      ended_ = true;
      end_last_record();
      if (!options_.whole && buffer_.pending().empty()) return std::nullopt;
      return give(buffer_.pending().size());
    }
    if (std::size_t bytes = whole_records()) return give(bytes);
    if (filled == Fill::blocked) return wait();
    if (target_ > options_.max_record) {
      refuse_record();
      if (!failure_.empty()) return std::nullopt;
      continue;
    }
    target_ = std::min(2 * target_, options_.max_record + 1);
  }
  return std::nullopt;
}

bool BlockSource::open_input() {
  const std::string& file = options_.files[next_file_++];
  input_records_ = 0;
  if (file == "-") {
    name_ = "standard input";
    fd_ = STDIN_FILENO;
    enlarge_pipe(fd_);
    return true;
  }
  name_ = file;
  // Opening a named pipe that nobody writes to must not hold up the loop.
  opened_.reset(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  fd_ = opened_.get();
  if (!opened_) failure_ = system_error("cannot open " + file).what();
  return static_cast<bool>(opened_);
}

void BlockSource::close_input() {
  opened_.reset();
  fd_ = -1;
  ended_ = false;
}

BlockSource::Fill BlockSource::fill() {
  while (buffer_.pending().size() < target_) {
    if (!readable(fd_)) return Fill::blocked;
    std::span<char> room = buffer_.room(target_ - buffer_.pending().size());
    ssize_t bytes = read(fd_, room.data(), room.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0 && errno == EAGAIN) return Fill::blocked;
    if (bytes < 0) {
      failure_ = system_error("cannot read " + name_).what();
      return Fill::failed;
    }
    if (bytes == 0) return Fill::ended;
    buffer_.filled(static_cast<std::size_t>(bytes));
  }
  return Fill::full;
}

// How many bytes of whole records are pending.
std::size_t BlockSource::whole_records() {
  std::string_view pending = buffer_.pending();
  std::size_t last = std::string_view::npos;
  if (!options_.whole) last = pending.substr(searched_).rfind(options_.delimiter);
  std::size_t bytes = last == std::string_view::npos ? 0 : searched_ + last + 1;
  searched_ = pending.size();
  return bytes;
}

void BlockSource::end_last_record() {
  std::string_view pending = buffer_.pending();
  if (options_.whole || pending.empty() || pending.back() == options_.delimiter) return;
  buffer_.room(1).front() = options_.delimiter;
  buffer_.filled(1);
}

// What is pending begins with a record that is longer than the limit.
void BlockSource::refuse_record() {
  if (!options_.leave_out_long) {
    failure_ = too_long();
    return;
  }
  leaving_out_ = true;
  left_out_ = buffer_.pending().size();
  next_breath_ = left_out_ + breath_bytes;
  static_cast<void>(buffer_.take(buffer_.pending().size()));
  target_ = first_target(options_);
}

// Drops what is pending of the record that is too long; tells of it when its end has come.
std::optional<Pulled> BlockSource::leave_out(Fill filled) {
  std::string_view pending = buffer_.pending();
  std::size_t end = options_.whole ? std::string_view::npos : pending.find(options_.delimiter);
  bool found = end != std::string_view::npos;
  left_out_ += found ? end : pending.size();
  static_cast<void>(buffer_.take(found ? end + 1 : pending.size()));
  searched_ = 0;
  if (found || filled == Fill::ended) {
    leaving_out_ = false;
    ended_ = !found;
    ++input_records_;
    return Pulled{.kind = Pulled::Kind::left_out, .size = left_out_};
  }
  if (filled == Fill::blocked) return wait();
  if (left_out_ < next_breath_) return std::nullopt;
  next_breath_ = left_out_ + breath_bytes;
  return breathe();
}

Pulled BlockSource::give(std::size_t bytes) {
  Bytes block = buffer_.take(bytes);
  std::uint64_t count = options_.whole ? 1 : count_byte(block, options_.delimiter);
  searched_ = buffer_.pending().size();
  target_ = first_target(options_);
  input_records_ += count;
  records_ += count;
  bytes_ += bytes;
  return {.kind = Pulled::Kind::block, .bytes = std::move(block), .count = count};
}

Pulled BlockSource::wait() {
  waiting_ = reactor_.watch(fd_, EPOLLIN, [this](std::uint32_t) { ready_again(); });
  return {.kind = Pulled::Kind::later};
}

// There is more to read already, but others get their turn first.
Pulled BlockSource::breathe() {
  waiting_ = reactor_.at(reactor_.now(), [this] { ready_again(); });
  return {.kind = Pulled::Kind::later};
}

void BlockSource::ready_again() {
  waiting_.reset();
  on_ready_();
}

std::string BlockSource::too_long() const {
  std::string record =
      options_.whole ? name_ : name_ + ": record " + std::to_string(input_records_ + 1);
  return record + " is longer than the limit of " + format_size(options_.max_record) +
         "; raise the limit or split it";
}

}  // namespace shoal::runtime
