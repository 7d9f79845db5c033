// Work that is bound to a host: child processes stay where they are, so what is done for their apps has to.

extension Migration {
  static let m003Hosts = Migration(
    number: 3, title: "hosts",
    sql: """
      -- Shards from 64 on belong to one host (a data directory) each: only a replica on that host holds them.
      -- `freed`: when its replica said goodbye.
      ALTER TABLE shard ADD COLUMN host uuid UNIQUE, ADD COLUMN freed timestamptz;
      """)
}
