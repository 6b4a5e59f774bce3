// Reads the sections of a topology file into a description.

#pragma once

#include <troupe/topology/description.hpp>
#include <troupe/topology/kinds.hpp>
#include <troupe/topology/table_reader.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::topology {

/// One file. What is wrong is noted, and the rest is read all the same, so that all of it is found.
class file_reader {
public:
  file_reader(const kinds& known, finding_list& wrong) noexcept : kinds_(known), wrong_(wrong) {}

  /// @pre `top` is a table
  void read(const text_value& top);
  /// What was read: of use when nothing was wrong.
  description take() { return std::move(made_); }

private:
  using index_by_name = std::map<std::string, std::size_t, std::less<>>;

  void read_run(const text_value& table, position at);
  void name_supervisors(const text_value* table);
  void read_supervisors(const text_value* table);
  void read_supervisor(const text_value& table, position at, supervisor_description& to);
  void name_nodes(const text_value* table);
  void read_nodes(const text_value* table);
  void read_node(const text_value& table, position at, node_description& to);
  void read_faults(const text_value& table, position at, node_description& to);
  void read_edges(const text_value* list);
  void read_edge(const text_value& table);
  void share_mailboxes();
  void read_expectation(const text_value& table, position at);
  void read_ending(table_reader& from);
  /// @param names_of  gives what is counted of the one with that index
  template <class NamesOf>
  void read_expected(const text_value* table, const char* sort, const index_by_name& there, NamesOf names_of,
                     std::vector<expected_count>& to);
  void read_counts(const text_entry& entry, std::string what, std::size_t whose,
                   const std::vector<std::string_view>& known, std::vector<expected_count>& to);

  /// Notes that there is one of that name. False: there are too many.
  template <class Described>
  bool name(const text_entry& entry, const char* sort, std::size_t most, std::vector<Described>& all,
            index_by_name& by_name);
  /// False: the name cannot be one, or is taken, which is told.
  bool take_name(const text_entry& entry, const char* of);
  /// The supervisor that a key names; the root where it has none.
  std::size_t read_under(table_reader& from);
  std::optional<std::size_t> read_node_name(table_reader& from, std::string_view key);
  void unknown_name(position at, std::string_view sort, std::string_view name, const index_by_name& known);

  const kinds& kinds_;
  finding_list& wrong_;
  description made_;
  std::map<std::string, position, std::less<>> names_; // of all supervisors and nodes
  index_by_name supervisors_;
  index_by_name nodes_;
  index_by_name edges_; // by "from -> to": the first of that name
};

} // namespace troupe::topology
