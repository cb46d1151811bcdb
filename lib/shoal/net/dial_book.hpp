#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <shoal/net/dialer.hpp>

namespace shoal::net {

/// Which endpoints to dial: those given, those in @FILEs, which are read again when they change,
/// those that the pattern learns of, and each address of the dns+tcp:// names among them. Keeps a
/// Dialer for each.
class DialBook {
 public:
  /// Throws Error: a list that does not parse (usage), or an endpoint that may not be dialled
  /// (not_allowed).
  DialBook(PortShared& shared, const std::vector<std::string>& lists);
  ~DialBook();
  DialBook(const DialBook&) = delete;
  DialBook& operator=(const DialBook&) = delete;

  /// Dials these too, and no longer those of an earlier call that are not among them. What is no
  /// endpoint to dial is said and left out.
  void dial_also(const std::vector<std::string>& endpoints);

  bool all_settled() const;
  bool any_greeting() const;

  /// Whom we dial, for people.
  std::vector<std::string> targets() const;

  /// Dials no more and says goodbye to all.
  void retire();

  /// Looks names up once more, since a peer was lost and may now be elsewhere.
  void look_up_again();

 private:
  struct File {
    std::string path;
    std::optional<struct stat> seen;
    std::vector<Endpoint> endpoints;
  };
  struct Name {
    Endpoint endpoint;
    std::uint64_t question = 0;
    std::vector<std::string> addresses;
    bool known = false;  // looked up with success at least once
  };

  bool read(File& file);
  void read_files_again();
  void look_up(const std::string& text, const Endpoint& endpoint);
  void looked_up(const std::string& text, Addresses addresses);
  std::vector<Endpoint> listed() const;
  Endpoint at_address(const Name& name, const std::string& address) const;
  void sync_names(const std::vector<Endpoint>& listed);
  void sync();
  void sweep();

  PortShared& shared_;
  std::vector<Endpoint> given_;
  std::vector<Endpoint> learned_;  // by dial_also()
  std::vector<File> files_;
  std::map<std::string, Name> names_;  // by the text of the dns+tcp:// endpoint
  std::map<std::string, std::unique_ptr<Dialer>> dialers_;
  std::vector<std::unique_ptr<Dialer>> retired_;
  bool leaving_ = false;
  runtime::Registration file_timer_;
  runtime::Registration name_timer_;
  runtime::Registration retry_timer_;
};

}  // namespace shoal::net
