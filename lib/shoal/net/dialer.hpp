#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <shoal/net/monitor.hpp>
#include <shoal/net/port_shared.hpp>

namespace shoal::net {

/// Keeps one endpoint dialled: a fresh DEALER for each try, because libzmq's own redialling gives
/// up for good after some errors, and each of the name's addresses and of the trusted keys in turn.
class Dialer final : public Link {
 public:
  /// Begins to dial. `endpoint` is tcp:// or ipc://.
  Dialer(PortShared& shared, Endpoint endpoint);
  ~Dialer() override;

  bool is_up() const noexcept;

  /// Whether our HELLO is out and unanswered.
  bool is_greeting() const noexcept;

  /// Whether there is nothing left to do: a session, or the endpoint is a node that we have a
  /// session with by another way, or ourselves.
  bool is_settled() const noexcept { return is_up() || redundant_; }

  /// Dials no more, and says BYE if there is a session.
  void retire();

  /// After retire(): the goodbye is done.
  bool is_done() const noexcept { return retired_ && !attempt_; }

  Wrote write(zmq::message_t& first, zmq::message_t* second) override;
  void over(const Ending& ending) override;
  bool dialled() const override { return true; }
  const std::string& where() const override { return where_; }
  const std::string& key_name() const override;

 private:
  struct Attempt;

  void dial();
  void resolved(Addresses addresses);
  void connect();
  void connect_socket(Attempt& attempt);
  bool greet(Attempt& attempt);
  bool drain(Attempt& attempt);
  void happened(Attempt& attempt, std::uint16_t event);
  void connection_ended(Attempt& attempt);
  void next_candidate();
  void back_off();
  void redial_in(Duration delay);
  void let_go(bool last_words);
  const TrustedKey* server_key() const;

  PortShared& shared_;
  Endpoint endpoint_;
  std::string where_;
  std::vector<std::string> addresses_;  // those of the endpoint's name, to be tried in turn
  std::size_t address_ = 0;
  std::size_t key_ = 0;         // of the trusted ones, which we take the server to have
  std::size_t keys_tried_ = 0;  // at this address
  std::shared_ptr<Attempt> attempt_;
  Duration delay_;
  bool redundant_ = false;
  bool retired_ = false;
  std::uint64_t question_ = 0;
  std::minstd_rand jitter_;
  runtime::Registration timer_;
};

}  // namespace shoal::net
