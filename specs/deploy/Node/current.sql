-- The newest row of each node that has reported within three minutes.
SELECT DISTINCT ON (s.node) n.id AS "nodeId", n.hostname AS hostname, s.cpu AS cpu, s."memoryMB" AS "memoryMB",
  s.requests AS "requestsPerMin", s."latencyMs" AS "avgLatencyMs", s."createdAt" AS "timestamp"
FROM "NodeSample" s JOIN "Node" n ON n.uid = s.node
WHERE s."createdAt" > now() - interval '3 minutes'
ORDER BY s.node, s."createdAt" DESC
