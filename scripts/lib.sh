# shellcheck shell=bash
# What scripts/test is made of: the tools it needs, the servers it starts, and the steps it reports.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
# Virtual environments: the servers that Rust tests start, and Schemathesis. Apart, so that --fast installs the first alone.
SERVERS_VENV=$TARGET/test-tools/servers
SCHEMATHESIS_VENV=$TARGET/test-tools/schemathesis

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# ---------------------------------------------------------------------------------------------------------------------
# Tools
# ---------------------------------------------------------------------------------------------------------------------

has() { command -v "$1" >/dev/null 2>&1; }

# Node.js 18 is the first with fetch and a test runner, both of which tests/node uses.
has_node() { has npm && has node && node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)'; }

has_venv() { has python3 && python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }

# PostgreSQL refuses to run as root, so root also needs the user that the package creates.
has_postgres() { [[ -n $(postgres_bin) ]] && { [[ $(id -u) != 0 ]] || id postgres >/dev/null 2>&1; }; }

# The folder of initdb and pg_ctl: Debian keeps them out of PATH, one folder a version. Prints nothing if there is none.
postgres_bin() {
  local candidates=() newest
  mapfile -t candidates < <(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V)
  if ((${#candidates[@]})); then
    newest=${candidates[-1]}
  elif has pg_config && [[ -x $(pg_config --bindir)/initdb ]]; then
    newest=$(pg_config --bindir)/initdb
  else
    newest=$(command -v initdb) || return 0
  fi
  dirname "$newest"
}

# Installs by name, with apt, what this machine lacks; touches nothing when it lacks nothing.
install_packages() {
  local missing=() as_root=()
  has cc || missing+=(gcc libc6-dev)
  has curl || missing+=(curl ca-certificates)
  has jq || missing+=(jq)
  has chromium || missing+=(chromium)
  has_node || missing+=(nodejs npm)
  has_venv || missing+=(python3 python3-venv)
  has_postgres || missing+=(postgresql)
  ((${#missing[@]})) || return 0

  has apt-get || die "please install: ${missing[*]}"
  [[ $(id -u) == 0 ]] || as_root=(sudo)
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# up_to_date STAMP FILE...: whether STAMP records the present content of the files.
up_to_date() { [[ -f $1 ]] && [[ $(<"$1") == "$(cat "${@:2}" | sha256sum)" ]]; }

# install_npm_packages FOLDER: installs what the package-lock.json of this folder names.
install_npm_packages() {
  local stamp=$1/node_modules/.lock.sha256 lock=$1/package-lock.json
  up_to_date "$stamp" "$lock" && return
  (cd "$1" && npm ci --no-audit --no-fund)
  sha256sum <"$lock" >"$stamp"
}

# The package of tests/anvil is the binary for this kind of machine. It is apart from tests/node, and needed rather than
# optional there, because npm leaves out optional packages that ask for a newer Node.js, as this one does without need.
has_anvil_package() { [[ $(uname -sm) == "Linux x86_64" ]]; }

# The path of Anvil: that of tests/anvil, elsewhere the one in PATH.
anvil_binary() {
  if has_anvil_package; then
    echo "$ROOT/tests/anvil/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
  else
    command -v anvil || die "please install anvil (Foundry): tests/anvil has the package for Linux on x86-64 alone"
  fi
}

install_anvil() {
  if has_anvil_package; then install_npm_packages "$ROOT/tests/anvil"; fi
}

# install_python_packages VENV REQUIREMENTS...: makes a virtual environment with what these files of requirements name.
install_python_packages() {
  local venv=$1 stamp=$1/requirements.sha256
  shift
  up_to_date "$stamp" "$@" && return
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${@/#/--requirement=}"
  cat "$@" | sha256sum >"$stamp"
}

# ---------------------------------------------------------------------------------------------------------------------
# Servers
# ---------------------------------------------------------------------------------------------------------------------

# A folder for all that this run writes, removed at the end together with the PostgreSQL that lives in it.
make_work_dir() {
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/bestow-test.XXXXXX")
  chmod 711 "$WORK" # the user postgres has to reach its folder inside
  mkdir "$WORK/logs"
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

clean_up() {
  stop_postgres
  rm -rf "$WORK"
}

# A port that nobody listens on, below the range from which the kernel hands out ports itself.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# Runs a command as a user that PostgreSQL accepts, from a folder that this user may enter.
as_postgres() (
  cd /
  if [[ $(id -u) == 0 ]]; then runuser -u postgres -- "$@"; else "$@"; fi
)

# Starts a PostgreSQL of our own and sets BESTOW_TEST_POSTGRES, the URL on which tests create their databases.
start_postgres() {
  local port data=$WORK/postgres/data
  PG_CTL=$(postgres_bin)/pg_ctl
  port=$(free_port)
  mkdir "$WORK/postgres"
  [[ $(id -u) != 0 ]] || chown postgres: "$WORK/postgres"
  as_postgres "$PG_CTL" initdb --silent --pgdata "$data" \
    --options '--username=postgres --auth=trust --encoding=UTF8 --no-locale' >"$WORK/logs/initdb.log" 2>&1 ||
    die "initdb failed: $(<"$WORK/logs/initdb.log")"
  as_postgres tee -a "$data/postgresql.conf" >/dev/null <<-CONF
	listen_addresses = '127.0.0.1'
	port = $port
	unix_socket_directories = ''
	max_connections = 300
	CONF
  as_postgres "$PG_CTL" start --silent --wait --pgdata "$data" --log "$WORK/postgres/log" </dev/null ||
    die "PostgreSQL does not start: $(<"$WORK/postgres/log")"
  export BESTOW_TEST_POSTGRES=postgres://postgres@127.0.0.1:$port
}

stop_postgres() {
  [[ -f $WORK/postgres/data/postmaster.pid ]] || return 0
  # What it holds is thrown away, so it need not write it down first.
  as_postgres "$PG_CTL" stop --silent --mode immediate --pgdata "$WORK/postgres/data" || true
}

# start_dev NAME [ARGUMENT...]: starts `bestow dev` on a free port with a new data folder, waits until it is ready, and
# sets DEV_ENV to the file that describes it. stop_dev stops it.
start_dev() {
  local name=$1 port log
  shift
  port=$(free_port)
  log=$WORK/logs/dev-$name.log
  # All that tests ask comes from one address.
  BESTOW_LIMITS_PUBLIC_REQUESTS_PER_MINUTE=100000 "$BESTOW_BIN" dev --listen "127.0.0.1:$port" --data-dir "$WORK/dev-$name" "$@" >"$log" 2>&1 </dev/null &
  DEV_PID=$!
  DEV_LOG=$log
  DEV_ENV=$WORK/dev-$name/dev.env
  for ((i = 0; i < 300; i++)); do
    if curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz"; then return; fi
    kill -0 "$DEV_PID" 2>/dev/null || break
    sleep 0.1
  done
  die "bestow dev is not ready"
}

# Fails if the server had already ended, or does not end in good order.
stop_dev() {
  local status=0
  kill -TERM "$DEV_PID" || die "bestow dev ended by itself"
  wait "$DEV_PID" || status=$?
  ((status == 0)) || die "bestow dev ended with status $status after SIGTERM"
  DEV_PID=
}

# When a step ends with its server still there, something went wrong: show what the server said, and end it.
abandon_dev() {
  [[ -n ${DEV_PID-} ]] || return 0
  printf -- '--- end of %s\n' "$DEV_LOG"
  tail -n 40 "$DEV_LOG"
  kill -KILL "$DEV_PID" 2>/dev/null || true
}

# Runs a command against a server over SQLite and, since most of it is waiting, at the same time against one over PostgreSQL.
# The command gets the env file of the server as its last argument.
on_both_databases() {
  local name status=0
  declare -A PIDS=()
  for name in sqlite postgres; do
    on_database "$name" "$@" >"$WORK/logs/$STEP-$name.log" 2>&1 &
    PIDS[$name]=$!
  done
  trap 'kill "${PIDS[@]}" 2>/dev/null || true' EXIT
  for name in sqlite postgres; do
    wait "${PIDS[$name]}" || status=$?
    printf -- '--- %s\n' "$name"
    cat "$WORK/logs/$STEP-$name.log"
  done
  return "$status"
}

# on_database NAME COMMAND...: the same with one of them.
on_database() {
  local name=$1 arguments=()
  shift
  trap abandon_dev EXIT
  if [[ $name == postgres ]]; then arguments=(--database-url "$(create_database "dev_$STEP")"); fi
  start_dev "$name-$STEP" "${arguments[@]}"
  "$@" "$DEV_ENV"
  stop_dev
}

# Creates a database and prints its URL.
create_database() {
  "$(postgres_bin)/psql" --quiet --no-psqlrc --dbname "$BESTOW_TEST_POSTGRES/postgres" \
    --command "CREATE DATABASE $1" </dev/null >&2
  echo "$BESTOW_TEST_POSTGRES/$1"
}

# ---------------------------------------------------------------------------------------------------------------------
# Steps
# ---------------------------------------------------------------------------------------------------------------------

REPORT=()
PASSED=0
FAILED=0

# step NAME COMMAND...: runs a command or function and counts what it tested. A failure ends the command at once, but
# not the script, so that one run shows all that is wrong. Don't call step in a condition (`if`, `||`): bash would
# ignore errexit in everything inside.
step() {
  STEP=$1
  shift
  local log=$WORK/logs/$STEP.log started=$SECONDS status passed failed outcome=ok
  printf '\n==> %s\n' "$STEP"
  set +e
  (
    set -e
    "$@"
  ) 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  set -e
  ((status != 130)) || exit 130

  read -r passed failed < <(count_tests "$log")
  # A check that is no test runner, and a test runner that did not get as far as running tests, count as one.
  if ((status == 0 && passed + failed == 0)); then passed=1; fi
  if ((status != 0 && failed == 0)); then failed=1; fi
  if ((status != 0 || failed != 0)); then outcome=FAILED; fi
  PASSED=$((PASSED + passed))
  FAILED=$((FAILED + failed))
  REPORT+=("$(printf '%-14s %-6s %4d s %6d passed %4d failed' \
    "$STEP" "$outcome" $((SECONDS - started)) "$passed" "$failed")")
}

# The same for a step without which the following ones make no sense.
necessary_step() {
  local before=$FAILED
  step "$@"
  ((FAILED == before)) || report
}

# Adds up the summaries of cargo test, cargo nextest and node --test in a log: "PASSED FAILED".
count_tests() {
  sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
    /^test result: /  { passed += $4; failed += $6 }
    /^ +Summary \[/ {
      sub(/^.* tests? run: /, "")
      gsub(/\([^)]*\)/, "")
      n = split($0, part, ",")
      for (i = 1; i <= n; i++) {
        if (part[i] ~ /passed/) passed += part[i]
        else if (part[i] !~ /skipped/) failed += part[i]
      }
    }
    /^(ℹ|#) pass [0-9]+$/ { passed += $3 }
    /^(ℹ|#) fail [0-9]+$/ { failed += $3 }
    END { print passed + 0, failed + 0 }'
}

# Prints what the steps did, and ends the script: with a failure if any of them failed.
report() {
  printf '\n%s\n' "==> summary"
  printf '%s\n' "${REPORT[@]}" "$(printf '%-14s %-6s %4d s' total '' "$SECONDS")" ''
  printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
  exit $((FAILED > 0))
}
