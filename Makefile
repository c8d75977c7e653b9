# The commands of the project. `make` alone lists them.
#
# Everything here needs Go and make, nothing else: what a target needs beyond
# that it says, and does without.

GO      ?= go
BIN     := bin
DIST    := dist
# -funcalign=8: 1.3 % off the App for amd64, which the linker would else pad to 32, at no cost in time.
LDFLAGS := -s -w -buildid= -funcalign=8
# nethttpomithttp2: SNS, STS and the platform's API speak HTTP/1.1, one request each; it takes 3 % off the App.
RELEASE := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -tags nethttpomithttp2 -ldflags '$(LDFLAGS)'

# The versions of the tools that only the checks need: `go run` fetches them, go.mod stays the App's own.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT   := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

# The race detector needs a C compiler. REQUIRE_RACE=1 (CI) makes its absence an error.
CC_FOUND := $(shell command -v $${CC:-gcc} 2>/dev/null || command -v cc 2>/dev/null || command -v clang 2>/dev/null)
RACE     := $(if $(CC_FOUND),-race)

FUZZTIME ?= 5m
COUNT    ?= 5

.PHONY: help build demo test check package bench load fuzz clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/tcsns (the App) and bin/tcdev (the developer's tool), with the release flags
	@$(RELEASE) -o $(BIN)/tcsns ./cmd/tcsns
	@$(RELEASE) -o $(BIN)/tcdev ./cmd/tcdev

demo: build ## see the whole thing happen, without ThreatConnect and without AWS
	@$(BIN)/tcdev run

test: ## all tests; with the race detector where a C compiler is found
ifeq ($(RACE),)
	@if [ -n "$(REQUIRE_RACE)" ]; then echo "make test: no C compiler, and REQUIRE_RACE is set"; exit 1; fi
	@echo "make test: no C compiler found, so without the race detector"
	CGO_ENABLED=0 $(GO) test -timeout 20m ./...
else
	@echo "make test: with the race detector ($(CC_FOUND))"
	CGO_ENABLED=1 $(GO) test -race -timeout 20m ./...
endif

check: ## gofmt, vet, staticcheck, go mod tidy, and the package's own files
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "gofmt: run gofmt -w on:"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	$(GO) run ./cmd/tcdev validate

package: build ## dist/TCPB_-_AWS_SNS_v1.tcx, which an administrator uploads
	@$(BIN)/tcdev package --out $(DIST)

bench: build ## the table of figures (internal/bench), in a form that benchstat reads
	$(GO) test -run '^$$' -bench . -benchmem -count $(COUNT) -timeout 1h ./internal/... | tee bench.out
	$(GO) run $(BENCHSTAT) bench.out

load: ## 200 Apps at once against one Redis and one SNS endpoint, ten rounds
	TCSNS_LOAD=full $(GO) test -run '^TestLoad' -count 1 -v -timeout 20m ./internal/e2e

fuzz: ## every fuzz target for FUZZTIME (5m)
	@./internal/fuzz.sh $(FUZZTIME)

clean: ## remove what the other commands made
	rm -rf $(BIN) $(DIST) bench.out
