-- One figure for each day, the present one included: revenue, annualised recurring revenue, or people who were there.
SELECT to_char(d.day, 'YYYY-MM-DD') AS date,
  (CASE :metric::text
    WHEN 'revenue' THEN (
      SELECT coalesce(sum(t."amountCents"), 0) FROM "Transaction" t WHERE t."createdAt" >= d.day AND t."createdAt" < d.day + interval '1 day')
    WHEN 'arr' THEN (
      SELECT coalesce(sum(CASE t."interval" WHEN 'year' THEN t."amountCents" ELSE t."amountCents" * 12 END), 0) FROM "Transaction" t
      WHERE t.type = 'subscription' AND t."periodStart" < d.day + interval '1 day' AND t."periodEnd" > d.day)
    WHEN 'dau' THEN (SELECT count(DISTINCT a."user") FROM "UserActivity" a WHERE a.day::text = to_char(d.day, 'YYYY-MM-DD'))
    ELSE (
      SELECT count(DISTINCT a."user") FROM "UserActivity" a
      WHERE a.day::text > to_char(d.day - interval '30 days', 'YYYY-MM-DD') AND a.day::text <= to_char(d.day, 'YYYY-MM-DD'))
  END)::bigint AS value
FROM (
  SELECT date_trunc('day', now(), 'UTC') - make_interval(days => n) AS day FROM generate_series(0, :days::int - 1) n
) d
ORDER BY d.day
