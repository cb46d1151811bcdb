#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <histedit.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <shoal/app/line_editor.hpp>
#include <shoal/app/logging.hpp>
#include <shoal/base/error.hpp>
#include <shoal/runtime/mailbox.hpp>

namespace shoal::app {
namespace {

constexpr int remembered = 500;  // lines

constexpr char control_d = 4;

/// libedit measures text by the locale. Where that knows only ASCII, UTF-8 it is.
void use_utf8() {
  if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1) {
    std::setlocale(LC_CTYPE, "C.UTF-8");
  }
}

/// Columns that `text` takes, as libedit shows it.
std::size_t width_of(std::string_view text) {
  std::size_t columns = 0;
  std::mbstate_t state{};
  while (!text.empty()) {
    wchar_t wide = 0;
    std::size_t length = std::mbrtowc(&wide, text.data(), text.size(), &state);
    bool good = length != 0 && length <= text.size();
    int width = good ? wcwidth(wide) : -1;
    columns += width < 0 ? 2 : static_cast<std::size_t>(width);
    if (!good) state = {};
    text.remove_prefix(good ? length : 1);
  }
  return columns;
}

/// How many bytes all of `words` begin with alike, whole characters only.
std::size_t common_prefix(const std::vector<std::string>& words) {
  std::size_t length = words.front().size();
  for (const std::string& word : words) {
    std::size_t same = 0;
    while (same < std::min(length, word.size()) && word[same] == words.front()[same]) ++same;
    length = same;
  }
  auto is_inside = [&](std::size_t at) {
    return at < words.front().size() &&
           (static_cast<unsigned char>(words.front()[at]) & 0xc0) == 0x80;
  };
  while (length > 0 && is_inside(length)) --length;
  return length;
}

}  // namespace

class LineEditor::Impl {
 public:
  Impl(runtime::Reactor& reactor, std::string prompt, LineEditorEvents events)
      : events_(std::move(events)),
        prompt_(std::move(prompt)),
        diverted_(reactor, [this](const std::string& line) { print(line); }) {
    use_utf8();
    history_.reset(history_init());
    editor_.reset(el_init("shoal", stdin, stdout, stderr));
    if (!history_ || !editor_) throw Error("this terminal cannot be used; try: ... | cat");
    HistEvent event;
    history(history_.get(), &event, H_SETSIZE, remembered);
    history(history_.get(), &event, H_SETUNIQUE, 1);
    set_up();
    watching_ = reactor.watch(STDIN_FILENO, EPOLLIN, [this](std::uint32_t ready) { read(ready); });
    divert_log([this](std::string line) { diverted_.put(std::move(line)); });
  }

  ~Impl() {
    divert_log({});
    diverted_.deliver();
    erase();
    std::fflush(stdout);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void print(std::string_view lines) {
    fit();
    if (typing_) erase();
    std::fwrite(lines.data(), 1, lines.size(), stdout);
    if (typing_) el_set(editor_.get(), EL_REFRESH);
    std::fflush(stdout);
  }

  void set_prompt(const std::string& prompt) {
    if (prompt == prompt_) return;
    if (typing_) erase();
    prompt_ = prompt;
    if (typing_) el_set(editor_.get(), EL_REFRESH);
  }

 private:
  struct End {
    void operator()(EditLine* editor) const { el_end(editor); }
    void operator()(History* history) const { history_end(history); }
  };

  static Impl& of(EditLine* editor) {
    void* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return *static_cast<Impl*>(self);
  }
  static char* prompt_of(EditLine* editor) { return of(editor).prompt_.data(); }
  static unsigned char complete_in(EditLine* editor, int) { return of(editor).complete(); }

  void set_up() {
    EditLine* editor = editor_.get();
    el_set(editor, EL_CLIENTDATA, this);
    el_set(editor, EL_PROMPT, prompt_of);
    el_set(editor, EL_EDITOR, "emacs");
    el_set(editor, EL_SIGNAL, 0);
    el_set(editor, EL_HIST, history, history_.get());
    el_source(editor, nullptr);
    el_set(editor, EL_ADDFN, "shoal-complete", "complete a word", complete_in);
    el_set(editor, EL_BIND, "^I", "shoal-complete", nullptr);
    begin_line();
  }

  /// Shows the prompt, with nothing typed.
  void begin_line() {
    el_set(editor_.get(), EL_UNBUFFERED, 1);
    typing_ = true;
    termios mode{};
    if (tcgetattr(STDIN_FILENO, &mode) != 0 || mode.c_cc[VSUSP] == _POSIX_VDISABLE) return;
    mode.c_cc[VSUSP] = _POSIX_VDISABLE;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
  }

  void read(std::uint32_t ready) {
    if ((ready & (EPOLLHUP | EPOLLERR)) != 0) return end();
    fit();
    int length = 0;
    const char* typed = el_gets(editor_.get(), &length);
    if (typed == nullptr || length <= 0) return;
    std::string line(typed, static_cast<std::size_t>(length));
    if (line.size() == 1 && line.front() == control_d) return end();
    if (line.back() != '\n' && line.back() != '\r') return;
    line.pop_back();
    take(line);
  }

  void take(const std::string& line) {
    HistEvent event;
    if (!line.empty()) history(history_.get(), &event, H_ENTER, line.c_str());
    el_set(editor_.get(), EL_UNBUFFERED, 0);
    typing_ = false;
    events_.line(line);
    begin_line();
  }

  void end() {
    watching_.reset();
    events_.end();
  }

  /// The terminal may have been resized. (Its signal would reach other threads as well.)
  void fit() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == columns_) return;
    columns_ = size.ws_col;
    el_resize(editor_.get());
  }

  /// Takes away the prompt and what is typed, and stays where it began.
  void erase() {
    const LineInfo* line = el_line(editor_.get());
    auto before = static_cast<std::size_t>(line->cursor - line->buffer);
    std::size_t column = width_of(prompt_) + width_of({line->buffer, before});
    for (std::size_t row = columns_ == 0 ? 0 : column / columns_; row > 0; --row) {
      std::fputs("\x1b[A", stdout);
    }
    std::fputs("\r\x1b[J", stdout);
  }

  unsigned char complete() {
    const LineInfo* line = el_line(editor_.get());
    std::string_view typed(line->buffer, static_cast<std::size_t>(line->cursor - line->buffer));
    std::vector<std::string> words = events_.complete(typed);
    if (words.empty()) return CC_ERROR;
    std::size_t known = typed.size() - (typed.rfind(' ') + 1);
    std::string more = words.front().substr(known, common_prefix(words) - known);
    if (words.size() == 1) more += ' ';
    if (!more.empty()) {
      el_insertstr(editor_.get(), more.c_str());
      return CC_REFRESH;
    }
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : "  ") + word;
    print(all + "\n");
    return CC_NORM;
  }

  LineEditorEvents events_;
  std::string prompt_;
  std::unique_ptr<History, End> history_;
  std::unique_ptr<EditLine, End> editor_;
  bool typing_ = false;
  unsigned short columns_ = 0;
  runtime::Mailbox<std::string> diverted_;
  runtime::Registration watching_;
};

bool LineEditor::is_possible() {
  return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

LineEditor::LineEditor(runtime::Reactor& reactor, std::string prompt, LineEditorEvents events)
    : impl_(std::make_unique<Impl>(reactor, std::move(prompt), std::move(events))) {}

LineEditor::~LineEditor() = default;

void LineEditor::print(std::string_view lines) {
  impl_->print(lines);
}

void LineEditor::set_prompt(const std::string& prompt) {
  impl_->set_prompt(prompt);
}

}  // namespace shoal::app
