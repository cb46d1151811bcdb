#include <shoal/base/error.hpp>
#include <shoal/base/little_endian.hpp>
#include <shoal/pipeline/task_input.hpp>

namespace shoal::pipeline {

TaskInput::TaskInput(runtime::Reactor& reactor, TaskInputOptions options, Journal* journal,
                     std::function<void()> ready)
    : options_(std::move(options)),
      journal_(journal),
      source_(reactor,
              {.files = options_.files,
               .delimiter = options_.delimiter,
               .whole = options_.whole,
               .block_bytes = options_.block_bytes,
               .max_record = options_.max_task},
              std::move(ready)) {}

std::string_view TaskInput::kind(const TaskInputOptions& options) {
  if (options.whole) return "whole files";
  return options.delimiter == '\0' ? "NUL-terminated tasks" : "lines";
}

TaskInput::State TaskInput::next(wire::Batch& batch) {
  while (true) {
    bool checked = journal_ == nullptr || !journal_->verifying();
    if (!unverified_.empty() &&
        (checked || unverified_.front().range.end() <= journal_->verified())) {
      batch = std::move(unverified_.front());
      unverified_.pop_front();
      return State::batch;
    }
    if (ended_) return State::end;
    runtime::Pulled pulled = source_.next();
    switch (pulled.kind) {
      case runtime::Pulled::Kind::later:
        return State::nothing;
      case runtime::Pulled::Kind::left_out:  // not asked for
      case runtime::Pulled::Kind::failed:
        throw Error(pulled.reason, ExitCode::bad_data);
      case runtime::Pulled::Kind::end:
        if (journal_ != nullptr) journal_->end_of_input();
        ended_ = true;
        break;
      case runtime::Pulled::Kind::block:
        unverified_.push_back(make_batch(std::move(pulled.bytes), pulled.count));
        follow(unverified_.back());
        break;
    }
  }
}

wire::Batch TaskInput::make_batch(Bytes block, std::uint64_t count) {
  wire::Batch batch{.range = {next_seq_, count}, .delimiter = options_.delimiter};
  next_seq_ += count;
  if (options_.whole) {
    batch.framing = wire::Framing::sized;
    batch.sizes = {static_cast<std::uint32_t>(block.size())};
  }
  batch.payload = std::move(block);
  return batch;
}

void TaskInput::follow(const wire::Batch& batch) {
  if (journal_ == nullptr) return;
  if (options_.whole) {
    // The files' borders are part of the input too.
    std::string border;
    put_number(border, std::uint64_t{batch.payload.size()});
    journal_->follow(border, 0, options_.delimiter);
  }
  journal_->follow(batch.payload, batch.range.count, options_.delimiter);
}

}  // namespace shoal::pipeline
