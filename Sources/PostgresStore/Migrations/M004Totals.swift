// Sums over rows of record kinds, kept in the transaction that appends them.

extension Migration {
  static let m004Totals = Migration(
    number: 4, title: "totals of records",
    sql: """
      -- `key`: the values of the total's `by` fields as a JSON list.
      CREATE TABLE record_total (tenant uuid NOT NULL, kind text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL, sum numeric NOT NULL, PRIMARY KEY (tenant, kind, name, key)) WITH (fillfactor = 50);
      -- Totals that are kept, and how each is computed: another rule means to sum anew.
      CREATE TABLE record_total_rule (kind text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, rule text NOT NULL,
        PRIMARY KEY (kind, name));
      """)
}
