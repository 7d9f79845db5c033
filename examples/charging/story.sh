#!/bin/sh
# A day at a charging station, told with curl. Needs a running server whose key may write, curl, and nothing else:
#   plumb serve --data ./.plumb &
#   PLUMB_TOKEN=$(cat .plumb/admin-token) examples/charging/story.sh
set -eu
url="${PLUMB_URL:-http://127.0.0.1:8420}/charging/v1"
: "${PLUMB_TOKEN:?Set PLUMB_TOKEN to a key of yours.}"
mark="$(date +%s)"

call() {
  method="$1"; path="$2"; body="${3:-}"
  printf '\n\033[1m%s %s\033[0m\n' "$method" "$path"
  if [ -n "$body" ]; then
    curl -sS --fail-with-body -X "$method" "$url$path" -H "Authorization: Bearer $PLUMB_TOKEN" -H 'Content-Type: application/json' -d "$body"
  else
    curl -sS --fail-with-body -X "$method" "$url$path" -H "Authorization: Bearer $PLUMB_TOKEN"
  fi
  echo
}

# value TIME KWH KW: the register and the power at one moment.
value() {
  printf '{"timestamp":"2026-02-27T%s:00Z","measurand":"Energy.Active.Import.Register","unit":"kWh","value":%s},' "$1" "$2"
  printf '{"timestamp":"2026-02-27T%s:00Z","measurand":"Power.Active.Import","unit":"kW","value":%s}' "$1" "$3"
}

echo "A car begins to charge: the session is there before its first value."
call POST /sessions "{\"sessionId\":\"morning-$mark\",\"chargingStationId\":\"CP-CANAL-1\",\"connectorId\":\"1\"}"

echo "Values come in as the charger sends them, late ones too. From three on, each answer holds the analysis."
call PATCH "/sessions/morning-$mark" "{\"meterValues\":[$(value 08:00 100.0 11),$(value 08:15 102.75 11),$(value 08:45 108.25 11)]}"
call PATCH "/sessions/morning-$mark" "{\"meterValues\":[$(value 08:30 105.5 11),$(value 09:00 111.0 11),$(value 09:15 113.75 11)]}"

echo "Nothing new changes nothing."
call PATCH "/sessions/morning-$mark" '{"meterValues":[]}'

echo "At the other connector the register falls: a meter for billing must never do that."
call POST /sessions "{\"sessionId\":\"noon-$mark\",\"chargingStationId\":\"CP-CANAL-1\",\"connectorId\":\"2\",\"meterValues\":[$(value 12:00 50.0 11),$(value 12:15 52.75 11),$(value 12:30 55.5 11),$(value 12:45 58.25 11),$(value 13:00 49.0 11),$(value 13:15 51.75 11)]}"
call POST "/sessions/noon-$mark/explain" '{"lang":"en"}'
call POST "/sessions/noon-$mark/ask" '{"question":"How much energy was delivered?"}'

echo "What was found, and who looks after it."
call GET "/anomalies?chargingSessionId=noon-$mark&sortByScore=desc"
call GET "/anomalies/sessions/noon-$mark/categories/KWH_DECREASE/details"

echo "Last week's sessions come as a batch."
call POST /sessions/batch "{\"sessions\":[{\"sessionId\":\"old-1-$mark\",\"chargingStationId\":\"CP-DEPOT-7\",\"meterValues\":[$(value 03:00 1 22),$(value 03:15 6.5 22),$(value 03:30 12 22)]},{\"sessionId\":\"noon-$mark\",\"chargingStationId\":\"CP-DEPOT-7\"}]}"

echo "Within a minute the station's figures have followed."
sleep 6
call GET /stations/CP-CANAL-1
call GET /stations/CP-CANAL-1/energy
call GET /statistics
