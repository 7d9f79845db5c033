-- Nodes that reported today and stopped.
SELECT n.hostname AS hostname, (extract(epoch FROM now() - max(s."createdAt")) / 60)::bigint AS minutes
FROM "NodeSample" s JOIN "Node" n ON n.uid = s.node
WHERE s."createdAt" > now() - interval '1 day'
GROUP BY n.uid, n.hostname HAVING max(s."createdAt") < now() - interval '3 minutes'
ORDER BY 1
