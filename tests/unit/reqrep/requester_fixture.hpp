#pragma once

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <shoal/reqrep/requester_core.hpp>

/// A requester's core, spoken to by hand.
namespace shoal::reqrep::test {

using wire::reqrep::Cancel;
using wire::reqrep::Replies;
using wire::reqrep::ReplyKind;
using wire::reqrep::Request;
using wire::reqrep::Requests;

struct Fixture {
  explicit Fixture(RequesterCoreOptions options = {}) : core(std::move(options)) {}

  static Id node(PeerId peer) { return Id::of_name("node " + std::to_string(peer)); }
  void up(PeerId peer, std::uint32_t slots = 1) { core.on_up(peer, node(peer), slots, now); }
  void up_taking(PeerId peer, std::uint64_t takes) { core.on_up(peer, node(peer), 1, now, takes); }

  Id ask(Duration limit = std::chrono::seconds(10), std::string body = "body") {
    Ask ask{.id = Id::of_name("request " + std::to_string(++asked)),
            .body = Bytes::take(std::move(body)),
            .deadline = now + limit};
    Id id = ask.id;
    core.offer({std::move(ask)}, now);
    return id;
  }

  /// The ids that have been sent since, by whom to, in order.
  std::vector<std::pair<PeerId, Id>> sent() {
    std::vector<std::pair<PeerId, Id>> found;
    cancelled.clear();
    for (auto& envelope : core.take_outbox().envelopes) {
      if (auto* requests = std::get_if<Requests>(&envelope.message)) {
        last = *requests;
        for (const Request& request : requests->requests)
          found.emplace_back(envelope.to, request.id);
      } else {
        auto& ids = std::get<Cancel>(envelope.message).ids;
        cancelled.insert(cancelled.end(), ids.begin(), ids.end());
      }
    }
    return found;
  }

  void answer(PeerId peer, const Id& id, ReplyKind kind = ReplyKind::exited,
              std::uint32_t status = 0) {
    core.on_message(peer, Replies{{{.id = id, .kind = kind, .status = status}}}, now);
  }

  /// The one request that has ended since.
  Ended ended() {
    auto all = core.take_ended();
    REQUIRE(all.size() == 1);
    return std::move(all.front());
  }

  void wait(Duration time) {
    now += time;
    core.tick(now);
  }

  RequesterCore core;
  Time now{};
  int asked = 0;
  Requests last;
  std::vector<Id> cancelled;
};

using Kind = Ended::Kind;

}  // namespace shoal::reqrep::test
