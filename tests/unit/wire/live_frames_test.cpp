#include <string>

#include <doctest/doctest.h>
#include <msgpack.hpp>

#include <shoal/wire/live_frames.hpp>

using namespace shoal;
using namespace shoal::wire;
using namespace shoal::wire::live;
using namespace std::string_literals;

namespace {

const Id publisher = Id::of_name("a publisher");

std::string header_of(std::uint64_t seq, const Headers& headers = {}) {
  std::string frame;
  HeaderWriter(publisher, 7).write(seq, 1'700'000'000'123'456'789, headers, frame);
  return frame;
}

/// A header as another implementation may write it: `extra` fields, the usual ones in `order`.
std::string foreign_header(std::string_view order, std::uint32_t extra) {
  msgpack::sbuffer buffer;
  msgpack::packer packer(buffer);
  packer.pack_map(static_cast<std::uint32_t>(order.size()) + extra);
  for (std::uint32_t i = 0; i < extra; ++i) packer.pack(i).pack_array(1).pack("later");
  for (char field : order) {
    packer.pack(std::string(1, field));
    if (field == 'p') {
      packer.pack_bin(16).pack_bin_body(publisher.bytes().data(), 16);
    } else {
      packer.pack(9);
    }
  }
  return {buffer.data(), buffer.size()};
}

}  // namespace

TEST_CASE("live frames: a header comes back as it was") {
  const Headers none;
  const Headers some{{"", ""}, {"key", "\0\xff binary"s}, {"long", std::string(40'000, 'x')}};
  for (const Headers& headers : {none, some}) {
    for (std::uint64_t seq : {std::uint64_t{0}, std::uint64_t{255}, most_number - 1}) {
      std::optional<Header> back = decode_header(header_of(seq, headers));
      REQUIRE(back);
      CHECK(back->publisher == publisher);
      CHECK(back->epoch == 7);
      CHECK(back->seq == seq);
      CHECK(back->time_ns == 1'700'000'000'123'456'789);
      CHECK((back->headers == headers));
      CHECK_FALSE(back->ends);
    }
  }
}

TEST_CASE("live frames: LIVE-4 a mark's header tells whether it is the last") {
  for (bool ends : {false, true}) {
    std::optional<Header> back = decode_header(HeaderWriter(publisher, 7).mark(ends));
    REQUIRE(back);
    CHECK(back->publisher == publisher);
    CHECK(back->epoch == 7);
    CHECK_FALSE(back->seq);
    CHECK(back->ends == ends);
  }
}

TEST_CASE("live frames: what we write is one msgpack map") {
  for (const std::string& frame :
       {header_of(3), header_of(3, {{"k", "v"}}), HeaderWriter(publisher, 7).mark(true)}) {
    std::size_t offset = 0;
    msgpack::object_handle handle = msgpack::unpack(frame.data(), frame.size(), offset);
    CHECK(offset == frame.size());
    CHECK(handle->type == msgpack::type::MAP);
  }
}

TEST_CASE("live frames: PORT-4 fields in any order, and unknown ones are ignored") {
  for (std::string_view order : {"pest", "tsep", "espt", "pes"}) {
    std::optional<Header> header = decode_header(foreign_header(order, 5));
    REQUIRE(header);
    CHECK(header->seq == 9);
    CHECK(header->epoch == 9);
  }
}

TEST_CASE("live frames: LIVE-1 what is no header makes a message unnumbered") {
  CHECK_FALSE(decode_header(""));
  CHECK_FALSE(decode_header("some text"));
  CHECK_FALSE(decode_header(foreign_header("est", 0)));
  CHECK_FALSE(decode_header(foreign_header("pst", 0)));
  CHECK_FALSE(decode_header(foreign_header("pest", 61)));
  std::string nil = header_of(3);
  nil.replace(nil.find(publisher.bytes()), Id::size, Id::size, '\0');
  CHECK_FALSE(decode_header(nil));
  std::string beyond = header_of(0);
  beyond[beyond.find("\xa1s\xcf"s) + 3] = '\x40';
  CHECK_FALSE(decode_header(beyond));
  for (const std::string& frame : {header_of(3), header_of(3, {{"k", "v"}})}) {
    for (std::size_t length = 0; length < frame.size(); ++length) {
      CHECK_FALSE(decode_header(frame.substr(0, length)));
    }
    CHECK_FALSE(decode_header(frame + '\0'));
    CHECK_FALSE(decode_header(frame + frame));
  }
}

TEST_CASE("live frames: lengths that lie and deep nesting are no headers, and no memory") {
  CHECK_FALSE(decode_header("\xdf\xff\xff\xff\xfe"s));
  CHECK_FALSE(decode_header("\x81\xa1p\xc6\xff\xff\xff\xfe"s));
  CHECK_FALSE(decode_header(std::string(100'000, '\x91')));
  CHECK_FALSE(decode_header(std::string(100'000, '\x81')));
  CHECK_FALSE(decode_header(std::string(1'000'000, '\x81')));
  std::string h = header_of(3, {{"k", "v"}});
  h[h.size() - 2] = '\x7f';
  CHECK_FALSE(decode_header(h));
}

TEST_CASE("live frames: headers have limits") {
  Headers many;
  for (std::size_t i = 0; i < most_headers; ++i) many[std::to_string(i)] = "v";
  CHECK(headers_fit(many));
  CHECK(decode_headers(encode_headers(many)) == many);
  std::string one_more = encode_headers(many) + encode_headers({{"one", "more"}});
  CHECK_FALSE(decode_headers(one_more));
  many["one"] = "more";
  CHECK_FALSE(headers_fit(many));
  CHECK_FALSE(headers_fit({{"k", std::string(most_headers_bytes, 'x')}}));
  CHECK_FALSE(decode_headers(std::string(most_headers_bytes + 2, '\0')));
}

TEST_CASE("live frames: LIVE-3 totals come back, in as many marks as it takes") {
  std::vector<Total> totals{{"", 0}, {"a.b", most_number}, {"\0\xff"s, 300}};
  std::vector<std::string> frames = encode_totals(totals);
  REQUIRE(frames.size() == 1);
  CHECK((*decode_totals(frames[0]) == totals));
  CHECK(decode_totals("")->empty());
  CHECK(encode_totals({}).empty());
  totals.assign(1000, {std::string(most_topic_bytes, 't'), 5});
  frames = encode_totals(totals);
  CHECK(frames.size() == 4);
  std::vector<Total> back;
  for (const std::string& frame : frames) {
    CHECK(frame.size() <= most_mark_bytes);
    Result<std::vector<Total>> some = decode_totals(frame);
    REQUIRE(some);
    back.insert(back.end(), some->begin(), some->end());
  }
  CHECK((back == totals));
}

TEST_CASE("live frames: totals that break the grammar or a limit are refused") {
  std::string frame = encode_totals({{"topic", 1000}}).at(0);
  for (std::size_t length = 1; length < frame.size(); ++length) {
    CHECK_FALSE(decode_totals(frame.substr(0, length)));
  }
  CHECK_FALSE(decode_totals(frame + '\0'));
  CHECK_FALSE(decode_totals("\x80\x02"s + std::string(256, 't') + '\1'));
  CHECK_FALSE(decode_totals("\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f"s));
  CHECK_FALSE(decode_totals("\xff\xff\xff\xff\x7fx"s));
  CHECK_FALSE(decode_totals(std::string(most_mark_bytes + 2, '\0')));
}
