# cmake -DFOLDER=web -DOUTPUT=web_files.cpp -P embed.cmake: the files of the page as C++.
set(served
  "/ text/html index.html"
  "/style.css text/css style.css"
  "/chat.js text/javascript chat.js"
  "/icon.svg image/svg+xml icon.svg"
  "/input.js text/javascript input.js"
  "/limits.js text/javascript limits.js"
  "/link.js text/javascript link.js"
  "/list.js text/javascript list.js"
  "/log.js text/javascript log.js"
  "/memory.js text/javascript memory.js"
  "/model.js text/javascript model.js"
  "/screen.js text/javascript screen.js"
  "/text.js text/javascript text.js"
  "/view.js text/javascript view.js")

set(arrays "")
set(rows "")
set(number 0)
foreach(entry ${served})
  string(REPLACE " " ";" entry "${entry}")
  list(GET entry 0 path)
  list(GET entry 1 type)
  list(GET entry 2 file)
  file(READ ${FOLDER}/${file} octets HEX)
  string(REGEX REPLACE "(..)" "0x\\1," octets "${octets}")
  string(APPEND arrays "constexpr unsigned char file_${number}[] = {${octets}};\n")
  string(APPEND rows "      {\"${path}\", \"${type}; charset=utf-8\", text(file_${number})},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUTPUT} "#include \"web_files.hpp\"

namespace shoal::nodes {
namespace {

${arrays}
template <std::size_t size>
std::string_view text(const unsigned char (&octets)[size]) {
  return {reinterpret_cast<const char*>(octets), size};
}

}  // namespace

std::vector<web::WebFile> web_files() {
  return {
${rows}  };
}

}  // namespace shoal::nodes
")
