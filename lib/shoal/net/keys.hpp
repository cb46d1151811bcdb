#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/base/result.hpp>

namespace shoal::net {

/// CURVE keys in Z85 (40 characters each). The files have zcert's layout, so that keys made by
/// other ZeroMQ tools work here and ours there.
struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

/// One key that may talk to us, and the NAME by which we know it.
struct TrustedKey {
  std::string name;
  std::string public_key;
};

/// A fresh pair. Throws Error where libzmq was built without CURVE.
KeyPair make_key_pair();

/// Writes a fresh pair as `name`.pub and `name`.key (readable by the owner alone). Throws Error:
/// either file exists already or cannot be written.
void write_new_keys(const std::filesystem::path& name);

/// Reads a file that holds a secret. Throws Error (not_allowed): it does not read, or others may
/// read it.
std::string read_secret_file(const std::filesystem::path& file);

/// Reads NAME.key. Throws Error (not_allowed): it does not read, others may read it, or it is not a
/// key pair.
KeyPair read_key_pair(const std::filesystem::path& file);

/// Reads the keys that are trusted: every NAME.pub in a folder, or one such file; sorted by name.
/// Throws Error (not_allowed): it does not read, a file in it is no public key, or there is none.
std::vector<TrustedKey> read_trusted_keys(const std::filesystem::path& folder_or_file);

/// The values of `curve` / `public-key` and `secret-key` in a ZPL text; the secret is empty in a
/// public file. A reason where there is no public key, or a secret that is no key.
Result<KeyPair> parse_key_file(std::string_view content);

}  // namespace shoal::net
