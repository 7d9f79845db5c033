// Series and tallies: dense numbers of objects over time, and their sums by hour.

extension Migration {
  static let m005Series = Migration(
    number: 5, title: "series",
    sql: """
      -- `at` and `hour` in microseconds since 1970: half the text to read of a timestamp, and the program's own form.
      CREATE TABLE series (tenant uuid NOT NULL, owner uuid NOT NULL, at bigint NOT NULL, channel smallint NOT NULL,
        value float8 NOT NULL, mark boolean NOT NULL, PRIMARY KEY (tenant, owner, at, channel));
      CREATE TABLE tally (tenant uuid NOT NULL, owner uuid NOT NULL, grp uuid NOT NULL, part uuid NOT NULL, hour bigint NOT NULL,
        amount float8 NOT NULL, PRIMARY KEY (tenant, owner, hour));
      CREATE INDEX tally_group ON tally (tenant, grp, hour) INCLUDE (part, amount);
      """)
}
