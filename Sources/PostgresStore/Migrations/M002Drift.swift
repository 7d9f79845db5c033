// Drift made by hand in the database is noticed by a trigger, and repaired at once.

extension Migration {
  static let m002Drift = Migration(
    number: 2, title: "drift trigger",
    sql: """
      -- As ShardCount.of in Ports.
      CREATE FUNCTION shard_of(u uuid) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
        $$ SELECT (get_byte(uuid_send(u), 15) # get_byte(uuid_send(u), 11) # get_byte(uuid_send(u), 7)) & 63 $$;

      CREATE FUNCTION observed_by_hand() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
      BEGIN
        INSERT INTO work AS w (tenant, uid, kind, shard, dirty, due)
          SELECT o.tenant, o.uid, o.kind, shard_of(o.uid), (extract(epoch FROM clock_timestamp()) * 1e6)::bigint, clock_timestamp() FROM object o
          WHERE o.tenant = OLD.tenant AND o.uid = OLD.uid
          ON CONFLICT (tenant, uid) DO UPDATE SET dirty = w.dirty + 1, due = least(w.due, excluded.due), attempts = 0;
        PERFORM pg_notify('plumb_work', shard_of(OLD.uid)::text);
        RETURN NULL;
      END $$;

      CREATE TRIGGER observed_by_hand AFTER UPDATE OR DELETE ON observed FOR EACH ROW
        WHEN (current_setting('application_name') IS DISTINCT FROM 'plumb') EXECUTE FUNCTION observed_by_hand();
      """)
}
