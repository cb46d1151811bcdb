#pragma once

#include <cstdint>
#include <sys/resource.h>

namespace shoal::runtime {

/// Makes writing to a pipe whose reader is gone an EPIPE instead of the end of this process. May be
/// called again and again; children still start with the usual SIGPIPE.
void ignore_sigpipe();

/// Opens what of stdin, stdout and stderr is closed, so that no file opened later takes its number
/// and gets what was meant for it. Writing to a stdout that was closed stays an error. Call it
/// first.
void fill_standard_fds();

/// Lets memory that is freed stay with this process, up to 4 MiB, instead of going back to the
/// system at once: blocks of a message's size come and go all the time, and each of their pages
/// would cost a fault. For the start of a process, before other threads.
void keep_freed_memory();

/// Raises the number of descriptors that this process may open to as many as it is allowed.
/// Children still start with the limit as it was: programs that use select() break beyond 1024.
void raise_fd_limit();

/// Descriptors that a running command takes, at most: pipes, both ends while it starts, and a
/// pidfd.
inline constexpr std::uint64_t fds_a_command = 7;

/// Does raise_fd_limit(), and throws Error, with the remedy, where that is less than `count`:
/// libzmq aborts when it lacks one.
void require_fds(std::uint64_t count);

/// The limit that raise_fd_limit() found, or null when it has not raised any.
const rlimit* fd_limit_before();

}  // namespace shoal::runtime
