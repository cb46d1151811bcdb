#include <algorithm>
#include <iterator>

#include <shoal/chat/post_log.hpp>

namespace shoal::chat {
namespace {

/// Octets that a post costs beside its text, about: its places in four indexes.
constexpr std::size_t overhead = 400;

std::size_t cost_of(const Post& post) {
  return overhead + post.nick.size() + post.room.size() + post.text.size();
}

}  // namespace

PostLog::Added PostLog::add(Post post) {
  return insert(std::move(post), true);
}

void PostLog::restore(Post post) {
  insert(std::move(post), false);
}

/// Whether CHAT-2 and CHAT-4 let `post`, which is not held, be the next of its author.
bool PostLog::follows(const Log* log, const Post& post) const {
  if (log == nullptr) return forgot_ || post.seq == post.first;
  return post.clock > log->last_clock && (post.seq == log->next || post.seq == post.first);
}

PostLog::Added PostLog::insert(Post post, bool strict) {
  auto known = logs_.find(post.author);
  if (known != logs_.end() && post.seq < known->second.next) return Added::held;
  bool good = follows(known == logs_.end() ? nullptr : &known->second, post);
  if (strict && !good) return Added::foreign;
  bool listed = known != logs_.end() && known->second.posts.empty();
  Log& log = logs_[post.author];
  if (post.seq != log.next) drop_all(log);
  log.next = post.seq + 1;
  log.last_clock = post.clock;
  const Place place = place_of(post);
  if (let_go_ && place < *let_go_) {
    if (log.posts.empty() && !listed) emptied_.push_back(place.author);
    forget_authors();
    return Added::passed;
  }
  bytes_ += cost_of(post);
  const Post& kept = posts_.emplace(place, std::move(post)).first->second;
  rooms_[kept.room].emplace(place, &kept);
  log.posts.push_back(&kept);
  trim();
  return Added::kept;
}

/// Takes the post out of everything but its author's log.
void PostLog::remove(const Place& place) {
  auto found = posts_.find(place);
  const Post& post = found->second;
  auto room = rooms_.find(post.room);
  room->second.erase(place);
  if (room->second.empty()) rooms_.erase(room);
  bytes_ -= cost_of(post);
  posts_.erase(found);
}

void PostLog::drop_all(Log& log) {
  for (const Post* post : log.posts) remove(place_of(*post));
  log.posts.clear();
}

/// The oldest of all is the oldest of its author too, since an author's clock only grows. The
/// newest stays, however large it is.
void PostLog::trim() {
  while (posts_.size() > 1 && (posts_.size() > limits_.posts || bytes_ > limits_.bytes)) {
    let_go_ = posts_.begin()->first;
    Log& log = logs_.at(let_go_->author);
    log.posts.pop_front();
    remove(*let_go_);
    if (log.posts.empty()) emptied_.push_back(let_go_->author);
  }
  forget_authors();
}

/// Those without posts only cost memory once everybody else has let go of their posts too; should
/// one speak again, its log begins where the sender says.
void PostLog::forget_authors() {
  while (emptied_.size() > limits_.authors) {
    auto author = logs_.find(emptied_.front());
    emptied_.pop_front();
    bool idle = author != logs_.end() && author->second.posts.empty() && author->first != self_;
    if (!idle) continue;
    logs_.erase(author);
    forgot_ = true;
  }
}

std::uint64_t PostLog::first(const Id& author) const {
  auto log = logs_.find(author);
  return log == logs_.end() ? 0 : log->second.next - log->second.posts.size();
}

std::uint64_t PostLog::next(const Id& author) const {
  auto log = logs_.find(author);
  return log == logs_.end() ? 0 : log->second.next;
}

std::uint64_t PostLog::last_clock(const Id& author) const {
  auto log = logs_.find(author);
  return log == logs_.end() ? 0 : log->second.last_clock;
}

const Post* PostLog::find(const Id& author, std::uint64_t seq) const {
  auto log = logs_.find(author);
  if (log == logs_.end() || seq >= log->second.next) return nullptr;
  std::uint64_t back = log->second.next - seq;
  const auto& posts = log->second.posts;
  return back > posts.size() ? nullptr : posts[posts.size() - back];
}

wire::chat::Vector PostLog::vector() const {
  wire::chat::Vector vector;
  for (const auto& [author, log] : logs_) vector.emplace(author, log.next);
  return vector;
}

std::uint64_t PostLog::latest_clock(std::uint64_t limit) const {
  auto above = posts_.lower_bound(Place{.clock = limit + 1});
  return above == posts_.begin() ? 0 : std::prev(above)->first.clock;
}

std::uint64_t PostLog::least_clock(const Post& post) const {
  std::uint64_t least = let_go_ ? let_go_->clock + 1 : 0;
  std::size_t posts = posts_.size() + 1;
  std::size_t bytes = bytes_ + cost_of(post);
  for (const auto& [place, held] : posts_) {
    if (posts <= limits_.posts && bytes <= limits_.bytes) break;
    least = place.clock + 1;
    --posts;
    bytes -= cost_of(held);
  }
  return least;
}

std::vector<Post> PostLog::newest(const std::string& room, std::size_t most,
                                  const std::optional<Place>& before) const {
  std::vector<Post> posts;
  auto found = rooms_.find(room);
  if (found == rooms_.end()) return posts;
  auto end = before ? found->second.lower_bound(*before) : found->second.end();
  auto from = end;
  while (from != found->second.begin() && most-- > 0) --from;
  for (; from != end; ++from) posts.push_back(*from->second);
  return posts;
}

std::vector<Post> PostLog::after(const Place& place, const std::string& room,
                                 std::size_t most) const {
  std::vector<Post> posts;
  if (room.empty()) {
    auto from = posts_.upper_bound(place);
    for (; from != posts_.end() && posts.size() < most; ++from) posts.push_back(from->second);
    return posts;
  }
  auto found = rooms_.find(room);
  if (found == rooms_.end()) return posts;
  auto from = found->second.upper_bound(place);
  for (; from != found->second.end() && posts.size() < most; ++from) posts.push_back(*from->second);
  return posts;
}

std::vector<Post> PostLog::lacking(const wire::chat::Vector& has, const std::string& room,
                                   std::size_t most) const {
  InOrder found;
  for (const auto& [author, log] : logs_) {
    auto known = has.find(author);
    std::uint64_t next = known == has.end() ? 0 : known->second;
    std::size_t left = most;
    for (auto post = log.posts.rbegin(); post != log.posts.rend() && left > 0; ++post, --left) {
      if ((*post)->seq < next) break;
      if (room.empty() || (*post)->room == room) found.emplace(place_of(**post), *post);
    }
  }
  auto from = found.end();
  for (std::size_t left = most; from != found.begin() && left > 0; --left) --from;
  std::vector<Post> posts;
  for (; from != found.end(); ++from) posts.push_back(*from->second);
  return posts;
}

}  // namespace shoal::chat
