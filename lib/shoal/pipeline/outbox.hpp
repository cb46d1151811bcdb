#pragma once

#include <shoal/net/core_outbox.hpp>
#include <shoal/wire/pipeline_messages.hpp>

namespace shoal::pipeline {

using net::PeerId;
using Outbox = net::CoreOutbox<wire::pipeline::Any>;

}  // namespace shoal::pipeline
