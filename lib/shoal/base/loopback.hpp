#pragma once

#include <string>

namespace shoal {

/// Whether only this machine can be meant by `host`: `localhost`, or an address of the loopback,
/// IPv4 or IPv6 (without brackets). A name that merely looks like one ("127.example.org") is not.
bool is_loopback_host(const std::string& host);

}  // namespace shoal
