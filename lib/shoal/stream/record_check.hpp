#pragma once

#include <string>

#include <shoal/wire/stream_messages.hpp>

namespace shoal::stream {

/// What is wrong with the records in a message (STR-1), for people: each must be whole, with the
/// checksum that it says, behind the one before, and within the offsets that the message covers.
/// Empty when nothing is. Reads every octet once.
std::string records_fault(const wire::stream::Records& records);

}  // namespace shoal::stream
