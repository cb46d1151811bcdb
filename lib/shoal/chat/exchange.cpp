#include <algorithm>

#include <shoal/chat/exchange.hpp>

namespace shoal::chat {
namespace {

using namespace std::chrono_literals;
using wire::chat::Have;
using wire::chat::Vector;

constexpr std::uint64_t window = 512;         // CHAT-4
constexpr std::size_t tell_after_posts = 64;  // CHAT-3
constexpr Duration tell_after = 100ms;
constexpr Duration hold_for = 1s;  // CHAT-5

constexpr std::size_t logs_in_one = 16'384;

/// Authors of which one peer may tell.
constexpr std::size_t most_told = 500'000;

/// Forgets, where it is much, what a peer has of authors whom our own log does not know (any more):
/// it would at worst be sent again what it has.
template <typename Link>
void forget_strangers(Link& link, const PostLog& log) {
  if (link.logs.size() <= most_told) return;
  std::erase_if(link.logs, [&](const auto& entry) {
    const auto& [author, progress] = entry;
    return !progress.ready && progress.flying == 0 && log.next(author) == 0;
  });
}

}  // namespace

void Exchange::on_up(PeerId peer) {
  links_[peer] = {};
  send_have(log_.vector(), true, {peer});
}

void Exchange::send_have(const Vector& logs, bool all, const std::vector<PeerId>& peers) {
  Have have{.all = all};
  auto flush = [&] {
    for (PeerId peer : peers) outbox_.post(peer, have);
    have = {};
  };
  for (const auto& [author, next] : logs) {
    have.logs.emplace_hint(have.logs.end(), author, next);
    if (have.logs.size() == logs_in_one) flush();
  }
  if (have.all || !have.logs.empty()) flush();
}

void Exchange::cover(Link& link, Progress& progress, std::uint64_t next) {
  progress.has = std::max(progress.has, next);
  progress.sent = std::max(progress.sent, next);
  // With gaps by trimming there are fewer on their way than numbers between.
  std::uint64_t left = std::min(progress.flying, progress.sent - progress.has);
  link.flying -= progress.flying - left;
  progress.flying = left;
}

void Exchange::on_have(PeerId peer, const Have& have) {
  auto found = links_.find(peer);
  if (found == links_.end()) return;
  Link& link = found->second;
  for (const auto& [author, next] : have.logs) cover(link, link.logs[author], next);
  forget_strangers(link, log_);
  if (link.logs.size() > most_told) outbox_.blame(peer, "it tells of too many authors");
  if (have.all && !link.told) {
    link.told = true;
    for (const auto& [author, next] : log_.vector()) allow(link, author, next);
  }
  pump(peer, link);
}

void Exchange::on_sent_by(PeerId peer, const Post& post) {
  auto link = links_.find(peer);
  if (link == links_.end()) return;
  cover(link->second, link->second.logs[post.author], post.seq + 1);
  forget_strangers(link->second, log_);
}

void Exchange::offer(const Post& post, const std::function<bool(PeerId)>& wait, Time now) {
  for (auto& [peer, link] : links_) {
    if (!link.told) continue;
    auto progress = link.logs.find(post.author);
    if (progress != link.logs.end() && progress->second.has > post.seq) continue;
    if (wait(peer)) {
      link.held.push_back({now + hold_for, post.author, post.seq + 1});
    } else {
      allow(link, post.author, post.seq + 1);
      pump(peer, link);
    }
  }
}

/// Lets the posts of the author below `until` go to the peer as the window permits.
void Exchange::allow(Link& link, const Id& author, std::uint64_t until) {
  Progress& progress = link.logs[author];
  progress.until = std::max(progress.until, until);
  if (!progress.ready) make_ready(link, author, progress);
}

void Exchange::make_ready(Link& link, const Id& author, Progress& progress) {
  std::uint64_t next = std::max(progress.sent, log_.first(author));
  if (next >= progress.until) return;
  const Post* post = log_.find(author, next);
  if (post == nullptr) return;
  progress.ready = true;
  link.ready.insert(place_of(*post));
}

/// The oldest of all first, so that a peer that comes late reads them in their order.
void Exchange::pump(PeerId peer, Link& link) {
  while (link.flying < window && !link.ready.empty()) {
    const Id author = link.ready.begin()->author;
    link.ready.erase(link.ready.begin());
    Progress& progress = link.logs.at(author);
    progress.ready = false;
    std::uint64_t first = log_.first(author);
    std::uint64_t next = std::max(progress.sent, first);
    const Post* post = next < progress.until ? log_.find(author, next) : nullptr;
    if (post == nullptr) continue;
    Post copy = *post;
    copy.first = first;
    outbox_.post(peer, std::move(copy));
    progress.sent = next + 1;
    ++progress.flying;
    ++link.flying;
    make_ready(link, author, progress);
  }
}

void Exchange::on_changed(const Id& author, Time now) {
  changed_.insert(author);
  tell_at_ = ++changes_ >= tell_after_posts ? now : std::min(tell_at_, now + tell_after);
}

void Exchange::tell_changes() {
  Vector logs;
  for (const Id& author : changed_) {
    std::uint64_t next = log_.next(author);
    if (next != 0) logs.emplace(author, next);
  }
  std::vector<PeerId> peers;
  for (const auto& [peer, link] : links_) peers.push_back(peer);
  send_have(logs, false, peers);
  changed_.clear();
  changes_ = 0;
  tell_at_ = never;
}

void Exchange::tick(Time now) {
  if (now >= tell_at_) tell_changes();
  for (auto& [peer, link] : links_) {
    if (link.held.empty() || link.held.front().due > now) continue;
    for (; !link.held.empty() && link.held.front().due <= now; link.held.pop_front()) {
      allow(link, link.held.front().author, link.held.front().until);
    }
    pump(peer, link);
  }
}

Time Exchange::next_tick() const {
  Time next = tell_at_;
  for (const auto& [peer, link] : links_) {
    if (!link.held.empty()) next = std::min(next, link.held.front().due);
  }
  return next;
}

bool Exchange::all_have(const Id& author) const {
  const std::uint64_t next = log_.next(author);
  auto has = [&](const auto& entry) {
    const auto& [peer, link] = entry;
    auto progress = link.logs.find(author);
    return link.told &&
           (next == 0 || (progress != link.logs.end() && progress->second.has >= next));
  };
  return !links_.empty() && std::ranges::all_of(links_, has);
}

}  // namespace shoal::chat
