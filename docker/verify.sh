#!/usr/bin/env bash
# Builds the image, starts the stack beside anything that runs already, and checks what docker/README.md promises: one line
# for each check, then `N passed, N failed`. Needs bash, curl and Docker with compose 2.24 or newer (DOCKER_HOST is heeded).
# Engines that this machine has are used, cloud keys are not: nothing is spent.
#   SERVICES="gateway prometheus" docker/verify.sh      leaves Grafana out
set -uo pipefail
cd "$(dirname "$0")/.."

services=${SERVICES:-gateway prometheus grafana}
export TURNOUT_PORT=${VERIFY_TURNOUT_PORT:-17070} PROMETHEUS_PORT=${VERIFY_PROMETHEUS_PORT:-19090} GRAFANA_PORT=${VERIFY_GRAFANA_PORT:-13000}
unset $(sed -n 's/^key_env: *//p' config/providers/*.yaml)
gateway=http://127.0.0.1:$TURNOUT_PORT
prometheus=http://127.0.0.1:$PROMETHEUS_PORT
grafana=http://127.0.0.1:$GRAFANA_PORT
work=$(mktemp -d)
mkdir "$work/config" && chmod 755 "$work" "$work/config"
export TURNOUT_CONFIG_DIR=$work/config
alone=turnout-verify-alone

# Without the .env of the checkout, and with a project of its own.
compose() { docker compose --env-file /dev/null -p turnout-verify -f docker/compose.yaml "$@"; }
clean() {
  docker rm -f "$alone" >/dev/null 2>&1
  compose down -v --timeout 5 >/dev/null 2>&1
  rm -rf "$work"
}
trap clean EXIT

passed=0 failed=0
check() { # check NAME COMMAND..: passes where the command succeeds; shows what it said where not
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then passed=$((passed + 1)); echo "ok      $name"; else failed=$((failed + 1)); echo "NOT OK  $name"; sed 's/^/          /' <<<"$said" | tail -n 20; fi
}
finish() { echo "$passed passed, $failed failed"; [ "$failed" -eq 0 ]; exit; }
equal() { [ "$1" = "$2" ] || { echo "got: $1"; echo "expected: $2"; false; }; }
holds() { grep -qE -- "$2" <<<"$1" || { echo "got: $1"; echo "expected: $2"; false; }; }
# Of a command that failed there is nothing to be missed: what is looked through must be there.
lacks() { [ -n "$1" ] || { echo 'got nothing'; return 1; }; ! grep -E -- "$2" <<<"$1"; }
# As one line: messages are wrapped.
flat() { tr '\n' ' ' | tr -s ' '; }
inside() { compose exec -T gateway "$@"; }
chat() { # chat BODY [curl options]
  local body=$1
  shift
  curl -sS --max-time 60 "$@" -H 'content-type: application/json' -d "$body" "$gateway/v1/chat/completions"
}
body() { printf '{"model":"%s","stream":%s,"messages":[{"role":"user","content":"Hello from request %s"}]}' "$1" "$2" "$3"; }
wait_for() { # wait_for SECONDS COMMAND..
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $until ] || { "$@"; return 1; }; sleep 1; done
}

# ---------------------------------------------------------------- the image

check 'compose.yaml of the root is valid' docker compose config -q
passed_on() { holds "$(GROQ_API_KEY=probe docker compose config gateway)" 'GROQ_API_KEY: probe'; }
check 'a cloud key of the shell is handed on' passed_on
check 'the image builds' compose build gateway
[ $failed -eq 0 ] || finish
size=$(docker image inspect -f '{{.Size}}' turnout)
echo "        size: $((${size:-0} / 1000000)) MB, of which /app $(docker run --rm --entrypoint du turnout -sm /app | cut -f1) MB"

check 'the image names a user that is not root' equal "$(docker image inspect -f '{{.Config.User}}' turnout)" node
sources() { holds "$(docker run --rm --entrypoint ls turnout -A /app | xargs)" '^bin config dist node_modules package.json$'; }
check 'it holds the package and nothing else' sources
tools() {
  local packages
  packages=$(docker run --rm --entrypoint ls turnout node_modules) || return
  holds "$packages" '^fastify$' && lacks "$packages" '^(typescript|tap|eslint|prettier)$'
}
check 'it holds no tool of development' tools
version() { equal "$(docker run --rm turnout version)" "$(sed -nE 's/^  "version": "(.*)",/\1/p' package.json)"; }
check 'it knows its version' version
has_ended() { equal "$(docker inspect -f '{{.State.Status}}' "$alone")" exited; }
shut() {
  docker run -d --name "$alone" turnout >/dev/null || return
  wait_for 20 has_ended &&  equal "$(docker inspect -f '{{.State.ExitCode}}' "$alone")" 1 && holds "$(docker logs "$alone" 2>&1 | flat)" 'there are no keys'
}
check 'without keys it refuses to listen on a network' shut
docker rm -f "$alone" >/dev/null 2>&1

# ---------------------------------------------------------------- a configuration with keys

with_keys() {
  local pair key code
  pair=$(docker run --rm turnout key new 2>/dev/null) || return
  key=$(awk '$1 == "key" { print $2 }' <<<"$pair")
  cat >"$work/turnout.yaml" <<YAML
backends: [{ name: engine, kind: openai-compatible, url: "http://127.0.0.1:9/v1", models: [one] }]
keys: [{ id: verify, hash: "$(awk '$1 == "hash" { print $2 }' <<<"$pair")" }]
YAML
  chmod 644 "$work/turnout.yaml"
  docker create --name "$alone" -p 127.0.0.1::7070 -e TURNOUT_CONFIG=/home/node/turnout.yaml turnout >/dev/null || return
  docker cp -q "$work/turnout.yaml" "$alone:/home/node/turnout.yaml" && docker start "$alone" >/dev/null || return
  local url
  url=http://$(docker port "$alone" 7070)
  wait_for 20 curl -fsS "$url/health/liveness" || { docker logs "$alone"; return 1; }
  code=$(curl -s -o /dev/null -w '%{http_code}' "$url/v1/models")
  equal "$code" 401 || return
  holds "$(curl -fsS -H "authorization: Bearer $key" "$url/v1/models")" '"one"'
}
check 'with keys it listens, and asks for one' with_keys
docker rm -f "$alone" >/dev/null 2>&1

# ---------------------------------------------------------------- the stack

check "it starts: $services" compose up -d --wait --wait-timeout 120 $services
compose logs --no-log-prefix gateway 2>/dev/null | grep -E '^(found|demo) ' | sed 's/^/        /'
health() { equal "$(docker inspect -f '{{.State.Health.Status}}' "$(compose ps -q "$1")")" healthy; }
for service in $services; do check "$service is healthy" health "$service"; done
loopback() { holds "$(compose port gateway 7070)" '^127\.0\.0\.1:'; }
check 'the gateway is published on loopback only' loopback
check 'its process is not root' equal "$(inside id -u)" 1000
cannot_write() {
  local tried
  tried=$(inside sh -c 'for file in /app/package.json /home/node/x /tmp/x; do (echo x >"$file") 2>/dev/null && echo "wrote $file"; done; echo tried') || return
  equal "$tried" tried
}
check 'its process can write no file' cannot_write
data() { equal "$(inside sh -c 'touch /var/lib/turnout/x && rm /var/lib/turnout/x && stat -c "%U %a" /var/lib/turnout')" 'node 700'; }
check 'but in the volume of its data' data
no_keys() {
  local variables
  variables=$(inside printenv) || return
  holds "$variables" '^TURNOUT_PORT=' && lacks "$variables" '^[A-Z]+_API_KEY='
}
hint() { holds "$(compose logs --no-log-prefix gateway)" "curl -N $gateway/v1/"; }
check 'it prints the address that is published' hint
check 'it has no cloud key' no_keys

listed() { holds "$(curl -fsS "$gateway/v1/models")" '"id":'; }
check 'it lists models' listed
stream() {
  local answer
  answer=$(chat "$(body auto true 1)" -N -i) || return
  holds "$answer" '^HTTP/1.1 200' && holds "$answer" '^x-turnout-backend: ' && equal "$(tail -n 2 <<<"$answer" | xargs)" 'data: [DONE]' &&
    { [ "$(grep -c '^data: {' <<<"$answer")" -gt 1 ] || { echo 'not more than one event'; false; }; }
}
check 'it streams an answer' stream
whole() { holds "$(chat "$(body auto false 1)")" '"total_tokens":'; }
check 'it gives a whole answer' whole

# Thirty seconds of traffic: answers, refusals, calls that fail. Ends with the first round that is not answered as it must be.
status() { chat "$@" -o /dev/null -w '%{http_code}'; }
load() {
  local until=$((SECONDS + 30)) n=0 seen
  while [ $SECONDS -lt $until ]; do
    n=$((n + 1))
    status "$(body auto true "$((n % 5))")" -N >"$work/streamed" &
    status "$(body auto false "$((n % 5))")" >"$work/whole" &
    seen="$(status "$(body no-such-model true 0)") $(status '{"model":') $(status "$(body auto true "late $n")" -H 'x-turnout-deadline-ms: 1')"
    wait
    holds "$(<"$work/streamed") $(<"$work/whole") $seen" '^200 200 404 400 [45]..$' || return
  done
}
check 'it carries thirty seconds of traffic' load
echo "        $(docker stats --no-stream --format '{{.MemUsage}}, {{.CPUPerc}} CPU' "$(compose ps -q gateway)" 2>/dev/null) after it"

if [[ $services == *prometheus* ]]; then
  up() { curl -fsS "$prometheus/api/v1/query" --data-urlencode 'query=up{job="turnout"} == 1' | grep -q '"instance":"gateway:7070"'; }
  check 'Prometheus scrapes the gateway' wait_for 20 up
  rules() { holds "$(curl -fsS "$prometheus/api/v1/rules")" '"name":"turnout:tokens_per_success".*"name":"TurnoutDown"|"name":"TurnoutDown".*"name":"turnout:tokens_per_success"'; }
  check 'Prometheus has the rules' wait_for 30 rules
  queries() { compose exec -T gateway node --input-type=module -e "$(cat docker/verify-queries.mjs)" <docker/grafana/dashboards/turnout.json; }
  queried=$(queries)
  check "every query of the dashboard has data: $(tail -n 1 <<<"$queried")" queries
fi
if [[ $services == *grafana* ]]; then
  board() { holds "$(curl -fsS "$grafana/api/dashboards/uid/turnout")" '"title":"Turnout"'; }
  check 'Grafana has the dashboard' wait_for 30 board
  source_ok() { holds "$(curl -fsS -u "admin:${GRAFANA_ADMIN_PASSWORD:-admin}" "$grafana/api/datasources/uid/prometheus/health")" '"status":"OK"'; }
  check 'Grafana reaches Prometheus' source_ok
fi

# ---------------------------------------------------------------- the end

stop() {
  local id seconds code
  id=$(compose ps -q gateway)
  chat "$(body auto true last)" -N >"$work/last" &
  local live=$!
  sleep 0.3
  seconds=$SECONDS
  docker stop -t 35 "$id" >/dev/null || return
  seconds=$((SECONDS - seconds))
  wait $live
  code=$(docker inspect -f '{{.State.ExitCode}}' "$id")
  equal "$code" 0 && equal "$(tail -n 2 "$work/last" | xargs)" 'data: [DONE]' &&
    { [ $seconds -lt 10 ] || { echo "it took $seconds s"; false; }; }
}
check 'docker stop: the live answer ends, exit 0, within 10 s' stop

# ---------------------------------------------------------------- what outlives it

again() { compose down --timeout 35 >/dev/null 2>&1 && compose up -d --wait --wait-timeout 60 gateway; }
rows() { inside turnout ledger | grep -c '"kind":"request"'; }
learnt() { inside turnout state --json | sha256sum; }
check 'it starts once more' compose up -d --wait --wait-timeout 60 gateway
kept=$(rows) mind=$(learnt)
kept_at_all() { [ "${kept:-0}" -gt 10 ] || { echo "$kept rows"; false; }; }
check "without a configuration \`turnout ledger\` has rows: $kept" kept_at_all
check 'compose down, compose up' again
same() { kept_at_all && equal "$(rows) $(learnt)" "$kept $mind"; }
check 'it has the same rows, and knows what it had learnt' same

cat >"$work/config/turnout.yaml" <<YAML
backends: [{ name: engine, kind: openai-compatible, url: "http://127.0.0.1:9/v1", models: [one] }]
store: { ledger: ./data/ledger, state: ./data/state.json, keys: ./data/keys.json }
YAML
chmod 644 "$work/config/turnout.yaml"
check 'down, and up with a configuration that names the same places' again
before() { kept_at_all && equal "$(rows)" "$kept"; }
check 'it has the rows of before' before
key=$(inside turnout key create --id ann --rpm 60 2>/dev/null | awk '$1 == "key" { print $2 }')
use() { holds "$(curl -sS --retry 3 --retry-all-errors -f -H "authorization: Bearer $key" "$gateway/v1/models")" '"one"'; }
check '`turnout key create` makes a key while it runs' use
check 'down and up' again
key_listed() { holds "$(inside turnout key list)" '^ann ' && use; }
check '`turnout key list` has it, and it is taken' key_listed

# refused NAME EXPECTED [docker options]: the start says why, and ends
refused() {
  local expected=$1 said code
  shift
  docker run -d --name "$alone" -e TURNOUT_AUTH=none -v "$work/config:/etc/turnout:ro" "$@" turnout >/dev/null || return
  wait_for 20 has_ended
  code=$(docker inspect -f '{{.State.ExitCode}}' "$alone")
  said=$(docker logs "$alone" 2>&1 | flat)
  docker rm -f "$alone" >/dev/null 2>&1
  equal "$code" 1 && holds "$said" "$expected"
}
mkdir -m 700 "$work/theirs"
owner=$(stat -c %u "$work/theirs")
[ "$owner" = 1000 ] || check 'a folder of another user is refused at the start, with the remedy' \
  refused 'store.ledger: /var/lib/turnout/data/ledger cannot be written: /var/lib/turnout is closed .*chown 1000' -v "$work/theirs:/var/lib/turnout"
check 'so is a file system that is read-only' \
  refused 'store.keys: /var/lib/turnout/data/keys.json cannot be written: /var/lib/turnout is on a file system that is read-only' --read-only
finish
