// The first layout: docs/STORE.md says what each table is for.

extension Migration {
  static let m001Base = Migration(
    number: 1, title: "tables",
    sql: """
      CREATE TABLE kind (id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
      CREATE TABLE slot (kind smallint NOT NULL REFERENCES kind, field text NOT NULL, col text NOT NULL,
        PRIMARY KEY (kind, field), UNIQUE (kind, col));

      -- The commit order. One row is updated by every commit of its tenant: room for heap-only updates.
      CREATE TABLE head (tenant uuid PRIMARY KEY, pos bigint NOT NULL DEFAULT 0, at timestamptz NOT NULL DEFAULT clock_timestamp(),
        floor bigint NOT NULL DEFAULT 0) WITH (fillfactor = 10);

      CREATE TABLE object (
        tenant uuid NOT NULL, uid uuid NOT NULL, kind smallint NOT NULL, name text COLLATE "C" NOT NULL,
        rev int NOT NULL, version bigint NOT NULL, generation bigint NOT NULL,
        spec jsonb NOT NULL, owners jsonb NOT NULL, labels jsonb, protect boolean NOT NULL DEFAULT false,
        created timestamptz NOT NULL, updated timestamptz NOT NULL, deleting timestamptz, deleted boolean NOT NULL DEFAULT false,
        t1 text COLLATE "C", t2 text COLLATE "C", t3 text COLLATE "C", t4 text COLLATE "C", t5 text COLLATE "C", t6 text COLLATE "C",
        i1 bigint, i2 bigint, i3 bigint, d1 timestamptz, d2 timestamptz,
        PRIMARY KEY (tenant, uid)) WITH (fillfactor = 90);
      CREATE INDEX object_uid ON object (uid);
      CREATE INDEX object_name ON object (tenant, kind, name);
      CREATE INDEX object_kind ON object (tenant, kind, uid);
      CREATE INDEX object_created ON object (tenant, kind, created, uid);
      CREATE INDEX object_t1 ON object (tenant, kind, t1, uid) WHERE t1 IS NOT NULL;
      CREATE INDEX object_t2 ON object (tenant, kind, t2, uid) WHERE t2 IS NOT NULL;
      CREATE INDEX object_t3 ON object (tenant, kind, t3, uid) WHERE t3 IS NOT NULL;
      CREATE INDEX object_t4 ON object (tenant, kind, t4, uid) WHERE t4 IS NOT NULL;
      CREATE INDEX object_t5 ON object (tenant, kind, t5, uid) WHERE t5 IS NOT NULL;
      CREATE INDEX object_t6 ON object (tenant, kind, t6, uid) WHERE t6 IS NOT NULL;
      CREATE INDEX object_i1 ON object (tenant, kind, i1, uid) WHERE i1 IS NOT NULL;
      CREATE INDEX object_i2 ON object (tenant, kind, i2, uid) WHERE i2 IS NOT NULL;
      CREATE INDEX object_i3 ON object (tenant, kind, i3, uid) WHERE i3 IS NOT NULL;
      CREATE INDEX object_d1 ON object (tenant, kind, d1, uid) WHERE d1 IS NOT NULL;
      CREATE INDEX object_d2 ON object (tenant, kind, d2, uid) WHERE d2 IS NOT NULL;

      CREATE TABLE observed (tenant uuid NOT NULL, uid uuid NOT NULL, generation bigint NOT NULL, status jsonb NOT NULL,
        PRIMARY KEY (tenant, uid)) WITH (fillfactor = 70);

      -- `scope` is the tenant, or the nil uuid for keys that are unique over the installation.
      CREATE TABLE unique_key (scope uuid NOT NULL, kind smallint NOT NULL, rule smallint NOT NULL, value text COLLATE "C" NOT NULL,
        tenant uuid NOT NULL, uid uuid NOT NULL, until timestamptz, PRIMARY KEY (scope, kind, rule, value));
      CREATE INDEX unique_key_holder ON unique_key (tenant, uid);

      CREATE TABLE ref (tenant uuid NOT NULL, uid uuid NOT NULL, field text COLLATE "C" NOT NULL, target uuid NOT NULL,
        PRIMARY KEY (tenant, uid, field, target));
      CREATE INDEX ref_target ON ref (target);

      CREATE TABLE source_set (owner uuid NOT NULL, name text COLLATE "C" NOT NULL, digest text NOT NULL, updated timestamptz NOT NULL,
        PRIMARY KEY (owner, name));
      CREATE TABLE inventory (owner uuid NOT NULL, set text COLLATE "C" NOT NULL, uid uuid NOT NULL, tenant uuid NOT NULL,
        kind smallint NOT NULL, name text NOT NULL, hash bytea NOT NULL, version bigint NOT NULL, file text NOT NULL, line int NOT NULL,
        PRIMARY KEY (owner, set, uid));

      -- Who committed what, when. The id is made by the committer, so that a commit whose answer was lost can be looked up.
      CREATE TABLE commit_log (id uuid PRIMARY KEY, at timestamptz NOT NULL, manager text NOT NULL, actor text NOT NULL, source text,
        action text NOT NULL, lasting boolean NOT NULL);
      CREATE INDEX commit_log_passing ON commit_log (at) WHERE NOT lasting;

      CREATE TABLE history (tenant uuid NOT NULL, uid uuid NOT NULL, version bigint NOT NULL, kind smallint NOT NULL, name text NOT NULL,
        rev int NOT NULL, generation bigint NOT NULL, op "char" NOT NULL, commit uuid NOT NULL, spec jsonb NOT NULL, owners jsonb NOT NULL,
        labels jsonb, protect boolean NOT NULL, created timestamptz NOT NULL, PRIMARY KEY (tenant, uid, version));

      CREATE TABLE change (tenant uuid NOT NULL, pos bigint NOT NULL, uid uuid NOT NULL, kind smallint NOT NULL, name text NOT NULL,
        op "char" NOT NULL, events text, version bigint NOT NULL, commit uuid NOT NULL, at timestamptz NOT NULL,
        PRIMARY KEY (tenant, pos));
      CREATE INDEX change_at ON change USING brin (at) WITH (pages_per_range = 16);

      CREATE TABLE work (tenant uuid NOT NULL, uid uuid NOT NULL, kind smallint NOT NULL, shard smallint NOT NULL, dirty bigint NOT NULL,
        due timestamptz NOT NULL, attempts int NOT NULL DEFAULT 0, PRIMARY KEY (tenant, uid)) WITH (fillfactor = 50);
      CREATE INDEX work_due ON work (shard, due);
      CREATE INDEX work_fair ON work (shard, tenant, due);
      CREATE TABLE shard (id smallint PRIMARY KEY, holder uuid, epoch bigint NOT NULL DEFAULT 0) WITH (fillfactor = 20);
      INSERT INTO shard (id) SELECT generate_series(0, 63);
      CREATE TABLE replica (id uuid PRIMARY KEY, expires timestamptz NOT NULL, digest text NOT NULL, works boolean NOT NULL)
        WITH (fillfactor = 20);

      CREATE TABLE effect (tenant uuid NOT NULL, uid uuid NOT NULL, generation bigint NOT NULL, step text COLLATE "C" NOT NULL,
        n bigint GENERATED ALWAYS AS IDENTITY, call jsonb NOT NULL, key text NOT NULL, state text NOT NULL, reply jsonb NOT NULL,
        consumed boolean NOT NULL, PRIMARY KEY (tenant, uid, generation, step)) WITH (fillfactor = 70);

      CREATE TABLE story (n bigint GENERATED ALWAYS AS IDENTITY, tenant uuid NOT NULL, uid uuid NOT NULL, kind smallint NOT NULL,
        name text NOT NULL, at timestamptz NOT NULL, reason text NOT NULL, message text NOT NULL, warning boolean NOT NULL,
        PRIMARY KEY (tenant, uid, n));
      CREATE INDEX story_tenant ON story (tenant, n);

      CREATE TABLE kv (tenant uuid NOT NULL, key text COLLATE "C" NOT NULL, value jsonb NOT NULL, expires timestamptz,
        PRIMARY KEY (tenant, key)) WITH (fillfactor = 70);
      CREATE INDEX kv_expires ON kv (expires) WHERE expires IS NOT NULL;
      CREATE TABLE last_used (tenant uuid NOT NULL, uid uuid NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (tenant, uid))
        WITH (fillfactor = 70);
      CREATE TABLE sequence (tenant uuid NOT NULL, name text COLLATE "C" NOT NULL, next bigint NOT NULL, PRIMARY KEY (tenant, name))
        WITH (fillfactor = 50);

      -- Keys that rows of record kinds hold, so that a row sent twice is kept once.
      CREATE TABLE record_key (tenant uuid NOT NULL, kind smallint NOT NULL, rule smallint NOT NULL, value text COLLATE "C" NOT NULL,
        uid uuid NOT NULL, until timestamptz, PRIMARY KEY (tenant, kind, rule, value));
      CREATE INDEX record_key_until ON record_key (until) WHERE until IS NOT NULL;

      -- Long keys are kept as their hash: an index row has less than 2,700 bytes.
      CREATE FUNCTION key_text(v text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
        $$ SELECT CASE WHEN length(v) > 500 THEN 'sha256:' || encode(sha256(convert_to(v, 'UTF8')), 'hex') ELSE v END $$;
      -- The number that a value is, or that a decimal's text stands for; else null.
      CREATE FUNCTION as_number(j jsonb) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
        $$ SELECT CASE jsonb_typeof(j) WHEN 'number' THEN (j #>> '{}')::numeric
             WHEN 'string' THEN CASE WHEN j #>> '{}' ~ '^-?[0-9]{1,100}([.][0-9]{1,100})?$' THEN (j #>> '{}')::numeric END END $$;
      -- The moment that an RFC 3339 text stands for; else null.
      CREATE FUNCTION as_time(j jsonb) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
        $$ SELECT CASE WHEN jsonb_typeof(j) = 'string' AND j #>> '{}' ~
             '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?([Zz]|[+-][0-9][0-9]:[0-9][0-9])$'
             THEN (j #>> '{}')::timestamptz END $$;
      """)
}
