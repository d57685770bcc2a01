# Two commands matter: `make run` serves, `make test` proves. The others are steps of those.

export CGO_ENABLED ?= 0

VERSION ?= $(shell cat VERSION)$(addprefix +,$(shell git rev-parse --short HEAD 2>/dev/null))
GOBUILD := CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)"

# Folders are listed beside files, so that a removed file is noticed too.
WEB_SOURCES := $(shell find web/src web/public web/scripts web/index.html web/*.ts web/*.js web/*.json 2>/dev/null)

# A fediverse of many servers on a bad network: make simulate SEED=7 SERVERS=200 ROUNDS=300
SEED ?= 1
SERVERS ?= 40
ROUNDS ?= 300

.PHONY: run build release test fuzz bench bench-large bench-show profile simulate mutate api-coverage openapi-check lint check dev gen clean
.DELETE_ON_ERROR:

run: build
	@bin/anancus serve

# go build itself knows best what is stale, and is quick when nothing is; but it touches what it need not build. The
# results of tests that run the program are kept while the program is the same file.
build: web/dist/index.html
	@mkdir -p bin
	$(GOBUILD) -o bin/.built ./cmd/anancus
	@cmp -s bin/.built bin/anancus || { cp bin/.built bin/.next && mv bin/.next bin/anancus; }

release: web/dist/index.html
	@mkdir -p bin/release
	GOOS=linux GOARCH=amd64 $(GOBUILD) -o bin/release/anancus-linux-amd64 ./cmd/anancus
	GOOS=linux GOARCH=arm64 $(GOBUILD) -o bin/release/anancus-linux-arm64 ./cmd/anancus

# The web app, its budgets included; a failed build leaves no index.html behind.
web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

# npm runs only when a lock file changed: web/node_modules/.installed, e2e/node_modules/.installed
%/node_modules/.installed: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

simulate:
	ANANCUS_SIMULATE_SEED=$(SEED) ANANCUS_SIMULATE_SERVERS=$(SERVERS) ANANCUS_SIMULATE_ROUNDS=$(ROUNDS) \
		go test ./internal/server -run '^TestTheFediverseHeals$$' -count=1 -v -timeout 120m

# Whether the test of what is remembered misses every line of effects.go that drops something.
mutate:
	go run ./scripts/mutate

test:
	@scripts/test

# Every fuzz test for a minute each; FUZZTIME=10m for longer, FUZZ=Signature for those with such a name.
fuzz:
	@scripts/fuzz

bench:
	@scripts/bench

bench-large:
	@scripts/bench large

bench-show:
	@scripts/bench-show $(RUNS)

profile:
	@scripts/bench profile

# Which endpoints of Mastodon's client API the tests have seen answer, and which entities.
api-coverage:
	@mkdir -p artifacts
	@ANANCUS_API_COVERAGE=$(CURDIR)/artifacts/api-coverage.txt go test -count=1 ./internal/server
	@cat artifacts/api-coverage.txt

# Walks the whole API of a real server and compares each answer with a description of Mastodon's, by a tool that lies in ../shared.
openapi-check:
	@scripts/openapi-check

lint:
	@scripts/lint

check: lint test

dev:
	@scripts/dev

gen:
	go generate ./...
	go test ./internal/kit/config -update

clean:
	rm -rf bin artifacts web/node_modules e2e/node_modules
	find web/dist -mindepth 1 ! -name .keep -delete
