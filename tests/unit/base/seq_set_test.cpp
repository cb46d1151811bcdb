#include <random>
#include <set>

#include <doctest/doctest.h>

#include <shoal/base/seq_set.hpp>

using shoal::Seq;
using shoal::SeqRange;
using shoal::SeqSet;

TEST_CASE("seq_set: ranges that touch become one") {
  SeqSet set;
  CHECK(set.insert({0, 10}) == 10);
  CHECK(set.insert({20, 10}) == 10);
  CHECK(set.insert({5, 20}) == 10);
  CHECK(set.ranges() == std::vector<SeqRange>{{0, 30}});
  CHECK(set.first_missing() == 30);
  CHECK(set.contains(SeqRange{0, 30}));
  CHECK_FALSE(set.contains(SeqRange{0, 31}));
}

TEST_CASE("seq_set: agrees with std::set on random operations") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    SeqSet set;
    std::set<Seq> model;
    for (int step = 0; step < 60; ++step) {
      SeqRange range{random() % 80, random() % 12};
      std::size_t before = model.size();
      bool adding = random() % 3 != 0;
      for (Seq seq = range.first; seq < range.end(); ++seq) {
        adding ? void(model.insert(seq)) : void(model.erase(seq));
      }
      std::uint64_t changed = adding ? set.insert(range) : set.erase(range);
      CHECK(changed == (adding ? model.size() - before : before - model.size()));
      CHECK(set.count() == model.size());
    }
    SeqRange window{random() % 50, 30};
    std::uint64_t present = 0;
    for (SeqRange part : set.present(window)) {
      present += part.count;
      for (Seq seq = part.first; seq < part.end(); ++seq) CHECK(model.contains(seq));
    }
    for (SeqRange part : set.missing(window)) {
      present += part.count;
      for (Seq seq = part.first; seq < part.end(); ++seq) CHECK_FALSE(model.contains(seq));
    }
    CHECK(present == window.count);
    CHECK(*SeqSet::decode(set.encode()) == set);
  }
}

TEST_CASE("seq_set: decode refuses what encode does not write") {
  CHECK(SeqSet::decode(""));
  CHECK_FALSE(SeqSet::decode("\x01"));
  CHECK_FALSE(SeqSet::decode(std::string("\x01\x00", 2)));
  CHECK_FALSE(SeqSet::decode(std::string("\x00\x01\x00\x01", 4)));
  CHECK_FALSE(SeqSet::decode(std::string(24, '\xff')));
  CHECK_FALSE(SeqSet::decode(std::string("\x81\x00\x01", 3)));
}
