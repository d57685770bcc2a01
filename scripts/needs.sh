# What tests and benchmarks need on a machine: found, or installed, or named plainly.
# Sourced. need_all WORD… takes the words below and fails after naming everything that is missing.

chromium_path() {
	if [ -n "${ANANCUS_CHROMIUM:-}" ]; then
		[ -x "$ANANCUS_CHROMIUM" ] && echo "$ANANCUS_CHROMIUM"
	else
		command -v chromium || command -v chromium-browser || command -v google-chrome
	fi
}

# The folder with initdb and postgres: on PATH, or where Debian keeps them (the newest one).
postgres_bin() {
	local found root=${ANANCUS_POSTGRES_ROOT:-/usr/lib/postgresql}
	if found=$(command -v initdb) && command -v postgres >/dev/null; then
		dirname "$(readlink -f "$found")"
		return
	fi
	found=$(ls -d "$root"/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
	[ -n "$found" ] && dirname "$found"
}

# The folder of what is shared between projects: the one that is named, or else beside the repository or beside that which it
# is a work tree or a clone of. Fails where there is none.
shared_folder() {
	local one
	for one in "${ANANCUS_SHARED:-../shared}" "$(git rev-parse --path-format=absolute --git-common-dir 2>/dev/null)/../../shared" "$(git config --get remote.origin.url)/../shared"; do
		[ -d "$one/conformance/openapi-check" ] && (cd "$one" && pwd) && return
		[ -n "${ANANCUS_SHARED:-}" ] && return 1
	done
	return 1
}

at_least() { # at_least WANTED HAVE
	[ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

have() {
	case $1 in
	go) command -v go >/dev/null && at_least 1.26 "$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')" ;;
	node) command -v node >/dev/null && command -v npm >/dev/null && at_least 20.19 "$(node --version | sed 's/^v//')" ;;
	postgresql) [ -n "$(postgres_bin)" ] ;;
	chromium) [ -n "$(chromium_path)" ] ;;
	ffmpeg) command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null ;;
	libheif-examples) command -v heif-convert >/dev/null && command -v heif-enc >/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

what_for() {
	case $1 in
	go) echo "Go 1.26 or newer, from go.dev" ;;
	node) echo "Node.js 20.19 or newer with npm, from nodejs.org" ;;
	postgresql) echo "Debian package postgresql, for the tests on PostgreSQL" ;;
	chromium) echo "Debian package chromium, for the browser journeys" ;;
	toot) echo "Debian package toot, a client of Mastodon that the end-to-end tests drive" ;;
	ffmpeg) echo "Debian package ffmpeg, for the tests of video and sound" ;;
	libheif-examples) echo "Debian package libheif-examples, for the tests of HEIC and AVIF" ;;
	gcc) echo "Debian package gcc, for the race detector" ;;
	vips) echo "Debian package libvips-tools, to measure pictures beside it" ;;
	*) echo "Debian package $1" ;;
	esac
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

apt_install() {
	command -v apt-get >/dev/null || { echo "apt-get is not on this machine" >&2; return 1; }
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		echo "apt-get needs root, and sudo is not on this machine" >&2
		return 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	case " $* " in
	*" postgresql "*) # Only the programs are wanted: no server that starts by itself.
		if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
			as_root mkdir -p /etc/postgresql-common &&
				echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null || return 1
		fi
		;;
	esac
	case " $* " in
	*" chromium "*) set -- "$@" fonts-liberation ;; # a browser without fonts draws boxes
	esac
	as_root apt-get -q update && as_root apt-get -q -y -o Dpkg::Options::=--force-confold install --no-install-recommends "$@"
}

need_all() {
	local word lacking=() installable=() missing=0
	for word; do
		have "$word" || lacking+=("$word")
	done
	for word in "${lacking[@]}"; do
		case $word in go | node) ;; vips) installable+=(libvips-tools) ;; *) installable+=("$word") ;; esac
	done
	if [ ${#installable[@]} -gt 0 ]; then
		echo "Installing: ${installable[*]}"
		apt_install "${installable[@]}" || echo "apt-get could not install: ${installable[*]}" >&2
	fi
	for word in "${lacking[@]}"; do
		if ! have "$word"; then
			echo "MISSING: $word ($(what_for "$word")) and it could not be installed here" >&2
			missing=1
		fi
	done
	return $missing
}
