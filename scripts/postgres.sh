# A private PostgreSQL in a temporary folder, for one run of a script. Sourced, after needs.sh.
# postgres_start [durable] sets POSTGRES_URL; postgres_stop takes everything away again, unless POSTGRES_KEEP names a folder to keep it in.

POSTGRES_DIR=
POSTGRES_URL=
POSTGRES_SALT=

# PostgreSQL refuses to run as root; Debian's package makes a user for it.
as_postgres() {
	if [ "$(id -u)" = 0 ]; then
		(cd / && runuser -u postgres -- "$@")
	else
		"$@"
	fi
}

# Go's test cache keys results on the environment, so the address stays the same from run to run:
# a port drawn from the folder's name and POSTGRES_SALT, for a second one beside the first (the next free port when taken) and a password kept beside the results.
postgres_start() {
	local bin port tries durability="-c fsync=off -c synchronous_commit=off -c full_page_writes=off" secret
	# What is measured runs as docs/keepers/install.md asks for: durable, and with a quarter of the machine's memory.
	[ "${1:-}" = durable ] && durability="-c shared_buffers=$(($(getconf _PHYS_PAGES) * $(getconf PAGESIZE) / 4 / 1048576))MB"
	bin=$(postgres_bin) || return 1

	mkdir -p artifacts/state
	if [ ! -s artifacts/state/postgres-password ]; then
		(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >artifacts/state/postgres-password)
	fi
	secret=$(cat artifacts/state/postgres-password)

	POSTGRES_DIR=${POSTGRES_KEEP:-$(mktemp -d /tmp/anancus-pg.XXXXXX)}
	mkdir -p "$POSTGRES_DIR"
	# What is kept knows the password that it was made with, whichever clone goes on with it.
	[ -n "${POSTGRES_KEEP:-}" ] && [ -s "$POSTGRES_KEEP/password" ] && secret=$(cat "$POSTGRES_KEEP/password")
	printf '%s\n' "$secret" >"$POSTGRES_DIR/password"
	[ "$(id -u)" = 0 ] && chown -R postgres: "$POSTGRES_DIR"
	[ -n "${POSTGRES_KEEP:-}" ] && as_postgres test -s "$POSTGRES_DIR/data/PG_VERSION" || as_postgres "$bin/initdb" -D "$POSTGRES_DIR/data" -U anancus --pwfile "$POSTGRES_DIR/password" \
		--auth=password --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$POSTGRES_DIR/initdb.log" 2>&1 ||
		{ cat "$POSTGRES_DIR/initdb.log" >&2; return 1; }

	port=$((20000 + 0x$(echo "$PWD${POSTGRES_SALT:-}" | sha256sum | cut -c1-6) % 10000))
	for tries in 1 2 3 4 5 6 7 8 9 10; do
		if ! port_taken $port && as_postgres "$bin/pg_ctl" -D "$POSTGRES_DIR/data" -l "$POSTGRES_DIR/server.log" -s -w -t 60 start \
			-o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 $durability" &&
			"$bin/pg_isready" -q -t 30 -h 127.0.0.1 -p $port; then
			POSTGRES_URL="postgres://anancus:$secret@127.0.0.1:$port/postgres?sslmode=disable"
			return 0
		fi
		port=$((port + 1))
	done
	echo "PostgreSQL did not start; its log:" >&2
	as_postgres cat "$POSTGRES_DIR/server.log" >&2
	return 1
}

port_taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

postgres_stop() {
	[ -n "$POSTGRES_DIR" ] || return 0
	if [ -n "${POSTGRES_KEEP:-}" ]; then
		as_postgres "$(postgres_bin)/pg_ctl" -D "$POSTGRES_DIR/data" -m fast -s -t 300 stop
	else
		as_postgres "$(postgres_bin)/pg_ctl" -D "$POSTGRES_DIR/data" -m immediate -s stop >/dev/null 2>&1
		rm -rf "$POSTGRES_DIR"
	fi
	POSTGRES_DIR=
}
