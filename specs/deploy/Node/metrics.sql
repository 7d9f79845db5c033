-- Figures by time: of each node first, then of all of them together.
SELECT t AS "timestamp", round(avg(cpu)::numeric, 2)::float8 AS cpu, round(sum(memory)::numeric, 2)::float8 AS "memoryMB",
  round(sum(requests)::numeric, 2)::float8 AS "requestsPerMin",
  round((CASE WHEN sum(requests) > 0 THEN sum(latency * requests) / sum(requests) ELSE 0 END)::numeric, 2)::float8 AS "avgLatencyMs"
FROM (
  SELECT date_bin(make_interval(secs => :bucket::float8), s."createdAt", timestamptz '2020-01-01 00:00:00+00') AS t, s.node,
    avg(s.cpu) AS cpu, avg(s."memoryMB") AS memory, avg(s.requests)::float8 AS requests,
    CASE WHEN sum(s.requests) > 0 THEN sum(s."latencyMs" * s.requests) / sum(s.requests) ELSE 0 END AS latency
  FROM "NodeSample" s JOIN "Node" n ON n.uid = s.node
  WHERE s."createdAt" >= :since::timestamptz AND (:node::text IN ('', n.id, n.uid::text))
  GROUP BY 1, 2
) x
GROUP BY t ORDER BY t
