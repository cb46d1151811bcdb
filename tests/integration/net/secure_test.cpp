#include <sys/stat.h>

#include <doctest/doctest.h>

#include <shoal/base/error.hpp>
#include <shoal/net/keys.hpp>
#include <shoal/wire/port_frames.hpp>

#include "support/log_capture.hpp"
#include "support/node.hpp"
#include "support/raw_peer.hpp"
#include "support/temp_dir.hpp"

using namespace shoal;
using namespace shoal::net;
using namespace shoal::test;
using namespace std::chrono_literals;

namespace {

/// Keys of alice, bob and carol, who trust each other, and of mallory, whom nobody trusts.
struct Keys {
  Keys() {
    std::filesystem::create_directory(dir / "trust");
    for (const char* name : {"alice", "bob", "carol"}) write_new_keys(dir / "trust" / name);
    write_new_keys(dir / "mallory");
  }

  SecurityOptions of(const std::string& name) const {
    std::filesystem::path folder = name == "mallory" ? dir.path() : dir / "trust";
    return {.key = folder / (name + ".key"), .trust = dir / "trust"};
  }

  TempDir dir;
};

ExitCode code_of(const SecurityOptions& security) {
  runtime::Reactor reactor;
  try {
    Context context(reactor, security);
  } catch (const Error& error) {
    return error.code();
  }
  return ExitCode::ok;
}

}  // namespace

TEST_CASE("secure: nodes that trust each other meet, under the names of their keys") {
  Keys keys;
  runtime::Reactor reactor;
  Context alice(reactor, keys.of("alice"));
  Context carol(reactor, keys.of("carol"));
  Node sink(carol, reactor, listening("sink", {"worker"}));
  // Carol's is the third of the keys that the server may have.
  Node worker(alice, reactor, dialling(sink.endpoint(), "worker", {"sink"}));
  REQUIRE(run_until(reactor, [&] { return sink.is_up() && worker.is_up(); }));
  CHECK(sink.port().key_name(sink.peer()) == "alice");
  CHECK(worker.port().key_name(worker.peer()) == "carol");
  worker.send(std::string(1'000'000, 'x'));
  CHECK(run_until(reactor, [&] { return sink.messages.size() == 1; }));
}

TEST_CASE("secure: a stranger never comes up, whatever he dials with") {
  LogCapture log;
  Keys keys;
  runtime::Reactor reactor;
  Context alice(reactor, keys.of("alice"));
  Context mallory(reactor, keys.of("mallory"));
  Context none(reactor, {});
  Node sink(alice, reactor, listening("sink", {"worker"}));
  wire::Hello hello;
  hello.node = Id::random();
  hello.role = "worker";
  Node stranger(mallory, reactor, dialling(sink.endpoint(), "worker", {"sink"}));
  Node naked(none, reactor, dialling(sink.endpoint(), "worker", {"sink"}));
  RawPeer null_mechanism(sink.endpoint());
  null_mechanism.send({wire::encode_hello(hello)});
  REQUIRE(run_until(reactor, [&] { return log.count("key is not trusted here") == 1; }));
  run_until(
      reactor, [] { return false; }, 500ms);
  CHECK(sink.ups.empty());
  CHECK(stranger.ups.empty());
  CHECK(naked.ups.empty());
  std::string answer;
  CHECK_FALSE(null_mechanism.receive(answer));
  Node friendly(alice, reactor, dialling(sink.endpoint(), "worker", {"sink"}));
  CHECK(run_until(reactor, [&] { return friendly.is_up(); }));
}

TEST_CASE("secure: we do not talk to a server whose key is not trusted") {
  Keys keys;
  runtime::Reactor reactor;
  Context alice(reactor, keys.of("alice"));
  Context mallory(reactor, keys.of("mallory"));
  Context none(reactor, {});
  Node imposter(mallory, reactor, listening("sink", {"worker"}));
  Node naked(none, reactor, listening("sink", {"worker"}));
  PortOptions dial = dialling(imposter.endpoint(), "worker", {"sink"});
  dial.connects.push_back(naked.endpoint());
  Node worker(alice, reactor, dial);
  run_until(
      reactor, [] { return false; }, 500ms);
  CHECK(worker.ups.empty());
  CHECK(imposter.ups.empty());
  CHECK(naked.ups.empty());
}

TEST_CASE("secure: PORT-14 a node id cannot be taken by another key") {
  LogCapture log;
  Keys keys;
  runtime::Reactor reactor;
  Context alice(reactor, keys.of("alice"));
  Context bob(reactor, keys.of("bob"));
  Context carol(reactor, keys.of("carol"));
  Node sink(carol, reactor, listening("sink", {"worker"}));
  PortOptions dial = dialling(sink.endpoint(), "worker", {"sink"});
  Node victim(alice, reactor, dial);
  REQUIRE(run_until(reactor, [&] { return sink.is_up() && victim.is_up(); }));
  Node thief(bob, reactor, dial);
  REQUIRE(run_until(reactor, [&] { return log.count("refused us: another key holds this") == 1; }));
  CHECK(log.count("(bob)") >= 1);
  CHECK(thief.ups.empty());
  CHECK(sink.ups.size() == 1);
  CHECK(victim.downs.empty());
  victim.send("mine");
  REQUIRE(run_until(reactor, [&] { return sink.messages.size() == 1; }));
  CHECK(sink.messages[0].first == sink.ups[0].first);
}

TEST_CASE("secure: a key and whom to trust go together, and both must be sound") {
  Keys keys;
  SecurityOptions sound = keys.of("alice");
  CHECK(code_of(sound) == ExitCode::ok);
  CHECK(code_of({.key = sound.key, .trust = {}}) == ExitCode::usage);
  CHECK(code_of({.key = {}, .trust = sound.trust}) == ExitCode::usage);
  CHECK(code_of({.key = keys.dir / "nobody.key", .trust = sound.trust}) == ExitCode::not_allowed);
  CHECK(code_of({.key = sound.key, .trust = keys.dir / "nowhere"}) == ExitCode::not_allowed);
  REQUIRE(chmod(sound.key->c_str(), 0644) == 0);
  CHECK(code_of(sound) == ExitCode::not_allowed);
}

TEST_CASE("secure: beyond this machine only with keys, or when the user insists") {
  LogCapture log;
  Keys keys;
  runtime::Reactor reactor;
  PortOptions open = port_options("sink", {"worker"});
  open.binds = {"tcp://*:*"};
  Context none(reactor, {});
  CHECK_THROWS_AS(Node(none, reactor, open), Error);
  CHECK(log.text().empty());
  Context alice(reactor, keys.of("alice"));
  CHECK_NOTHROW(Node(alice, reactor, open));
  CHECK(log.text().empty());
  Context insecure(reactor, {.key = {}, .trust = {}, .insecure = true});
  CHECK_NOTHROW(Node(insecure, reactor, open));
  CHECK_NOTHROW(Node(insecure, reactor, open));
  CHECK(log.count("insecure: tcp://*:* is open to other machines") == 1);
}
