// The past by name, versions by age, and sets by the objects that they hold.

extension Migration {
  static let m006Past = Migration(
    number: 6, title: "past",
    sql: """
      CREATE INDEX history_name ON history (tenant, kind, name);
      -- Only for retention: the commit's own time is what counts elsewhere.
      ALTER TABLE history ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp();
      CREATE INDEX history_at ON history USING brin (at) WITH (pages_per_range = 16);
      CREATE INDEX inventory_uid ON inventory (uid);
      """)
}
