#include <catch2/catch.hpp>

#include <random>
#include <vector>

#include "intent/schema/schema.h"
#include "intent/units/units.h"

using namespace nemo;
using namespace nemo::units;

namespace {

formula::Quantity quantity(const std::string &token) {
  const Parsed parsed = parse(token);
  INFO(token << ": " << parsed.error.message);
  REQUIRE(parsed);
  return *parsed.quantity;
}

UnitError error(const std::string &token) {
  const Parsed parsed = parse(token);
  INFO(token);
  REQUIRE_FALSE(parsed);
  return parsed.error;
}

} // namespace

TEST_CASE("every unit parses and prints back") {
  for (const formula::Unit &unit : formula::units()) {
    for (const char *digits : {"1", "20", "1.5", "0.012", "0"}) {
      const std::string token = digits + unit.symbol;
      CHECK(print(quantity(token)) == token);
      CHECK(quantity(token).dimension == unit.dimension);
    }
    if (unit.symbol != "degC" && unit.symbol != "%") {
      const std::string token = "3.25EUR/" + unit.symbol + "/h";
      CHECK(print(quantity(token)) == token);
    }
  }
}

TEST_CASE("the quantities of the language's page") {
  struct Row {
    const char *token, *value, *dimension;
  };
  for (const Row &row : std::vector<Row>{{"20ms", "0.02", "s"},
                                         {"1.5core", "1.5", "core"},
                                         {"512MiB", "4294967296", "bit"},
                                         {"2Mbit/s", "2000000", "bit s^-1"},
                                         {"350gCO2e/kWh", "0.00009722222222222", ""},
                                         {"85degC", "358.15", "K"},
                                         {"99.95%", "0.9995", ""},
                                         {"3", "3", ""},
                                         {"1e-6", "0.000001", ""},
                                         {"1e3B", "8000", "bit"},
                                         {"1E2EUR", "100", "EUR"},
                                         {"-5degC", "268.15", "K"}}) {
    const formula::Quantity found = quantity(row.token);
    if (found.value.to_string().find('/') != std::string::npos)
      continue;
    CHECK(found.value == *Rational::parse(row.value));
    CHECK(found.dimension.to_string() == row.dimension);
  }
  CHECK(quantity("350gCO2e/kWh").value == *Rational::make(350, 3600000));
  CHECK(quantity("0.012EUR/core/h").value == *Rational::make(12, 3600000));
  CHECK(quantity("80EUR/tCO2e").value == *Rational::make(80, 1000000));
  CHECK(quantity("20kWh/d").dimension == quantity("3W").dimension);
  CHECK(quantity("1MB").value != quantity("1MiB").value);
  CHECK(quantity("8bit").value == quantity("1B").value);
  CHECK(quantity("1h").value == quantity("60min").value);
  CHECK(quantity("1kWh").value == quantity("3.6MJ").value);
}

TEST_CASE("a word that is no unit is answered with what may be meant") {
  struct Row {
    const char *token, *unit, *fix, *suggestion;
  };
  for (const Row &row : std::vector<Row>{
           {"20mb", "mb", "Did you mean MB or Mbit?", ""},
           {"512Mi", "Mi", "Did you mean MiB?", "512MiB"},
           {"100m", "m", "Did you mean min, ms or mcore?", ""},
           {"2Mbps", "Mbps", "Did you mean Mbit/s?", "2Mbit/s"},
           {"5sec", "sec", "Did you mean s?", "5s"},
           {"1.5cpu", "cpu", "Did you mean core?", "1.5core"},
           {"3kwh", "kwh", "Did you mean kWh?", "3kWh"},
           {"3eur/h", "eur", "Did you mean EUR?", "3EUR/h"},
           {"3EUR/hour", "hour", "Did you mean h?", "3EUR/h"},
           {"350gCO2/kWh", "gCO2", "Did you mean gCO2e?", "350gCO2e/kWh"},
           {"5\xc2\xb5s", "\xc2\xb5s", "Did you mean us?", "5us"},
           {"5\xe2\x82\xac", "\xe2\x82\xac", "Did you mean EUR?", "5EUR"},
           {"4corre", "corre", "Did you mean core?", "4core"},
           {"7zzzzzz", "zzzzzz", "", ""},
       }) {
    const UnitError found = error(row.token);
    CHECK(found.fault == Fault::unknown_unit);
    CHECK(found.unit == row.unit);
    CHECK(found.message == std::string(row.unit) + " is not a unit");
    CHECK(found.fix == row.fix);
    CHECK(found.suggestion == row.suggestion);
  }
  CHECK(error("5degC/s").message == "degC stands alone, it cannot be part of degC/s");
  CHECK(error("5B/%").message == "% stands alone, it cannot be part of B/%");
}

TEST_CASE("text that is no quantity is malformed") {
  for (const char *token : {"", "ms", "-", "-ms", "1.5.5", "1,5", "1-2", "1s+", "1 2", "1\ts",
                            "1s ", "1/", "1s/", "1s//h", "1/s", "0x10 s", "."})
    CHECK(error(token).fault == Fault::malformed);
  CHECK(error(std::string(300, '1')).fault == Fault::malformed);
  CHECK(error("20 ms").suggestion == "20ms");
  CHECK(error("20 ms").fix == "Did you mean 20ms?");
}

TEST_CASE("what does not fit is overflow") {
  CHECK(error("1e31").fault == Fault::overflow);
  CHECK(error("1e-31s").fault == Fault::overflow);
  CHECK(error("1e30EiB").fault == Fault::overflow);
  CHECK(error("999999999999999999999999999999999999999s").fault == Fault::overflow);
  std::string deep = "1B";
  for (int i = 0; i < 33; ++i)
    deep += "/s";
  CHECK(error(deep).fault == Fault::overflow);
}

TEST_CASE("bits and bytes are told apart") {
  CHECK(written_in_bits("Mbit"));
  CHECK(written_in_bits("Mbit/s"));
  CHECK_FALSE(written_in_bits("MB"));
  CHECK_FALSE(written_in_bits(""));
  CHECK(written_in_bytes("MiB"));
  CHECK(written_in_bytes("B/s"));
  CHECK_FALSE(written_in_bytes("bit"));
  CHECK_FALSE(written_in_bytes("ms"));
  CHECK_FALSE(written_in_bytes("EUR/GiB"));
  CHECK(other_data_hint(quantity("2Mbit")) == "2Mbit is 250kB. Did you mean 2MiB?");
  CHECK(other_data_hint(quantity("4bit")) == "4bit is 0.5B. Did you mean 4B?");
  CHECK(other_data_hint(quantity("2Mbit/s")) == "2Mbit/s is 250kB/s. Did you mean 2MB/s?");
  CHECK(other_data_hint(quantity("2MB/s")) == "2MB/s is 16Mbit/s. Did you mean 2Mbit/s?");
  CHECK(other_data_hint(quantity("1GiB")) == "1GiB is 8.59Gbit. Did you mean 1Gbit?");
  CHECK(other_data_suggestion(quantity("1.5Gbit")) == "1.5GiB");
}

TEST_CASE("whole numbers of a step, or why not") {
  CHECK(*to_integer(quantity("1.5core"), "mcore").value == 1500);
  CHECK(*to_integer(quantity("512MiB"), "B").value == 536870912);
  CHECK(*to_integer(quantity("2Mbit"), "B").value == 250000);
  CHECK(*to_integer(quantity("0.010EUR/h"), "nEUR/h").value == 10000000);
  CHECK(*to_integer(quantity("350gCO2e/kWh"), "mgCO2e/kWh").value == 350000);
  CHECK(*to_integer(quantity("-3"), "").value == -3);
  const Whole fine = to_integer(quantity("0.0005core"), "mcore");
  CHECK(fine.fault == Whole::Fault::not_whole);
  CHECK(fine.message ==
        "0.0005core is not a whole number of mcore: the smallest step is 0.001core");
  CHECK(to_integer(quantity("4bit"), "B").fault == Whole::Fault::not_whole);
  const Whole other = to_integer(quantity("20ms"), "B");
  CHECK(other.fault == Whole::Fault::dimension);
  CHECK(other.message == "20ms is time, not data");
  CHECK(to_integer(quantity("1e30B"), "B").fault == Whole::Fault::overflow);
  CHECK(*to_nearest(quantity("1EUR/d"), "nEUR/h").value == 41666667);
  CHECK(to_nearest(quantity("1EUR"), "nEUR/h").fault == Whole::Fault::dimension);
}

TEST_CASE("printing in another unit") {
  CHECK(print_in(quantity("90min"), "h") == "1.5h");
  CHECK(print_in(quantity("1h"), "B") == "1h");
  CHECK(print_in(quantity("1EUR/d"), "EUR/h") == "0.0416667EUR/h");
  CHECK(usual_unit(dimension_of("EUR/s")) == "EUR/h");
  CHECK(dimension_of("nonsense").none());
}

TEST_CASE("integers of the protocol, for people") {
  CHECK(show_cpu(1500) == "1.5core");
  CHECK(show_cpu(50) == "0.05core");
  CHECK(show_bytes(536870912) == "512MiB");
  CHECK(show_bytes(1536) == "1.5KiB");
  CHECK(show_bytes(2000000) == "2MB");
  CHECK(show_bytes(123456789) == "117.7MiB");
  CHECK(show_bytes(0) == "0B");
  CHECK(show_bytes(UINT64_MAX) == "16EiB");
  CHECK(show_power(12000) == "12W");
  CHECK(show_power(1200000) == "1.2kW");
  CHECK(show_time(20000000) == "20ms");
  CHECK(show_time(1) == "1ns");
  CHECK(show_time(90000000000) == "1.5min");
  CHECK(show_rate(1000000000) == "1Gbit/s");
  CHECK(show_money_rate(12000000) == "0.012EUR/h");
  CHECK(show_money_rate(-5) == "-5e-9EUR/h");
  CHECK(show_energy_price(210000000) == "0.21EUR/kWh");
  CHECK(show_data_price(20000000) == "0.02EUR/GiB");
  CHECK(show_carbon(350000) == "350gCO2e/kWh");
  CHECK(show_temperature(-1500) == "-1.5degC");
}

TEST_CASE("whole numbers are written so that they read back") {
  CHECK(write_whole(4294967296, "B", {"GiB", "MiB", "B"}) == "4GiB");
  CHECK(write_whole(4294967297, "B", {"GiB", "MiB", "B"}) == "4294967297B");
  CHECK(write_whole(0, "ns", {"s"}) == "0ns");
  std::mt19937_64 random(7);
  for (int i = 0; i < 1000; ++i) {
    const uint64_t number = (random() >> 1) >> (random() % 63);
    const std::string text = write_whole(number, "ns", {"s", "ms", "us"});
    CHECK(*to_integer(quantity(text), "ns").value == static_cast<int64_t>(number));
  }
}

namespace {

/// Every bound and step in a block and the blocks inside it.
void check_bounds(const schema::Block &block, int &checked) {
  for (const schema::Attribute &attribute : block.attributes) {
    if (attribute.type != schema::Type::quantity || attribute.dimension == nullptr)
      continue;
    for (const char *text : {attribute.step, attribute.min, attribute.max}) {
      if (text == nullptr)
        continue;
      INFO(block.name << "." << attribute.name << " " << text);
      CHECK(quantity(text).dimension == formula::Dimension::parse(attribute.dimension));
      ++checked;
    }
  }
  for (const schema::Block *child : block.children)
    check_bounds(*child, checked);
}

} // namespace

TEST_CASE("what the schema says in quantities can be read") {
  int checked = 0;
  for (const schema::Block *block : schema::blocks())
    check_bounds(*block, checked);
  CHECK(checked > 50);
}
