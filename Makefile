# adit: `make demo` shows it working, `make test` proves it, `make help` lists the rest.
# Every target sets up what it needs; see scripts/deps.sh.

GO      ?= go
BIN     := bin/adit
SOURCES := $(shell find . -name '*.go' -not -name '*_test.go' -not -path './bin/*') go.mod go.sum
PACKAGES := ./...
# NVML's functions are bound when they are first called: a linker that binds all
# at the start, as some distributions' does, would make a binary that starts
# only where NVIDIA's driver is.
ifeq ($(shell uname -s),Linux)
export GOFLAGS += -ldflags=-extldflags=-Wl,-z,lazy
endif
# Proof-of-work arithmetic is single-threaded and ten times slower under the
# race detector: those packages are tested without it. A few packages try so
# many cases that all of them run without the detector, and a part (-short) with
# it.
HASH_PACKAGES := ./hash/...
MANY_CASES := ./harness/conform ./pool/payout
# Many tests wait for sockets and processes: more packages than processors run
# side by side.
SIDE_BY_SIDE := 4
RACE_PACKAGES = $(shell $(GO) list ./... | grep -v -e '/adit/hash' -e '/adit/e2e' -e '/harness/conform$$' -e '/pool/payout$$')

.PHONY: .always help build demo test lint unit cpu-levels opencl gpu-check portable generate check-generated ptx check-ptx ptxas-report bench-cpu fuzz histories e2e e2e-harness e2e-monero clean bench-pool bench-harness kill-pool

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# The OpenCL back end is built in where its headers and a C compiler are: the
# binary then needs libOpenCL to start. make build OPENCL=no leaves it out.
ifndef OPENCL
OPENCL := $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC)" >/dev/null && pkg-config --exists OpenCL 2>/dev/null && echo yes || echo no)
endif
TAGS := $(if $(filter yes,$(OPENCL)),-tags opencl)

build: $(BIN) ## build bin/adit, with OpenCL where its headers are (OPENCL=no: without)

$(BIN): $(SOURCES) bin/.tags
	@echo "building with $(if $(TAGS),CUDA and OpenCL,CUDA; without OpenCL, whose headers or a C compiler are not here or not wanted)"
	$(GO) build $(TAGS) -o $@ ./cmd/adit

bin/.tags: .always
	@mkdir -p bin; echo "$(TAGS)" | cmp -s - $@ || echo "$(TAGS)" >$@

demo: build ## node, pool and miner in one process: find shares and a block
	$(BIN) demo

test: lint unit ## linters, then every unit and integration test

lint: ## gofmt, go vet, staticcheck
	@bad="$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go'))"; \
	if [ -n "$$bad" ]; then echo "gofmt would change:"; echo "$$bad"; exit 1; fi
	$(GO) vet $(PACKAGES)
	$(GO) vet -tags e2e ./e2e/...
	$(GO) vet -tags bench ./pool/bench
	$(GO) tool staticcheck $(PACKAGES)
	$(GO) -C kernels/amd64 vet ./...

unit: ## unit and integration tests, with the race detector where it is bearable
	$(GO) test -p $(SIDE_BY_SIDE) $(HASH_PACKAGES) $(MANY_CASES)
	$(GO) test -run '^TestNodeFaults$$' ./pool
	CGO_ENABLED=1 $(GO) test -p $(SIDE_BY_SIDE) -race $(RACE_PACKAGES)
	CGO_ENABLED=1 $(GO) test -race -short $(MANY_CASES)

cpu-levels: ## the hash packages again at every level of CPU features, and without assembly
	printf '%s\n' generic aes avx2 avx512 | xargs -P 2 -I LEVEL env ADIT_CPU=LEVEL $(GO) test -short -count=1 $(HASH_PACKAGES)
	$(GO) test -short -count=1 -tags purego $(HASH_PACKAGES)
	GOARCH=arm64 $(GO) vet ./hash/... ./gpu/... ./miner/...

opencl: ## the OpenCL back end, on every device there is (PoCL is one)
	@scripts/deps.sh optional pkg-config ocl-icd-opencl-dev:/usr/include/CL/cl.h pocl-opencl-icd:/etc/OpenCL/vendors/pocl.icd
	@if pkg-config --exists OpenCL; then \
		CGO_ENABLED=1 $(GO) test -tags opencl ./gpu/... ./kernels/cl && \
		CGO_ENABLED=1 $(GO) test -tags opencl -run MineWithOpenCL ./cmd/adit; \
	else echo "SKIPPED: the OpenCL back end (no OpenCL headers here)"; fi

BUDGET ?= 8m
RIG ?= rig
gpu-check: build ## check every card, measure it, keep the report (BUDGET=8m RIG=name)
	$(BIN) gpu-check --budget $(BUDGET) -o docs/benchmarks/$$(date -u +%Y-%m-%d)-$(RIG).json

portable: ## build bin/adit-portable without cgo, to carry to another machine: CUDA, no OpenCL
	CGO_ENABLED=0 $(GO) build -o bin/adit-portable ./cmd/adit

generate: ## write the assembly anew from its generators
	$(GO) -C kernels/amd64 run .

check-generated: ## fail when the committed assembly is not what its generators write
	$(GO) -C kernels/amd64 test ./...

ptx: ## write the CUDA kernels' PTX anew from kernels/cl, with clang-16
	@scripts/deps.sh required clang-16
	$(GO) generate ./gpu/internal/ptx

check-ptx: ## fail when the committed PTX is not what clang-16 makes of kernels/cl
	@scripts/deps.sh optional clang-16
	@if command -v clang-16 >/dev/null; then \
		cd gpu/internal/ptx && $(GO) run ../ptxgen -check && echo "PTX is up to date"; \
	else echo "SKIPPED: whether the PTX is up to date (no clang-16 here)"; fi

ptxas-report: ## registers, spills and occupancy of every CUDA kernel; PTXAS=path of NVIDIA's ptxas
	@[ -n "$(PTXAS)" ] || { echo "name NVIDIA's assembler: make ptxas-report PTXAS=path (CUDA toolkit, or PyPI nvidia-cuda-nvcc-cu12)"; exit 2; }
	@cd gpu/internal/ptx && $(GO) run ../ptxreport -ptxas "$(PTXAS)"

bench-cpu: build ## rates of one thread; batch verification; share to wire under load
	$(BIN) bench -a all -t 1
	$(GO) test -run '^$$' -bench Batch -benchtime 20x ./hash/cpu
	$(GO) test -run '^$$' -bench ShareToWire -benchtime 200x ./miner

bench-pool: ## the pool: sessions, new blocks, durable shares a second, verification
	$(GO) -C pool/bench test -tags bench -count=1 -timeout 30m -run TestBench

KILLS ?= 200
kill-pool: ## kill the pool KILLS times under load (default 200), on both kinds of ledger
	$(GO) test -count=1 -timeout 30m -v -run TestKilled ./pool/bench -kills $(KILLS) -restart-within 2s

bench-harness: ## the load generator at 50,000 submits a second on one core; 1,000 simulated miners for an hour
	GOMAXPROCS=1 $(GO) test -run '^$$' -bench Submits -benchtime 5x ./harness/lab/load
	$(GO) test -run '^$$' -bench ThousandMiners -benchtime 5x ./harness/lab/vardiff

RUNS ?= 200
harness-selftest: ## which defects the conformance suite catches, and its false alarms in RUNS smoke runs
	$(GO) test -count=1 -v -timeout 20m -run '^TestSelf$$' ./harness/conform -args -selftest -selftest.runs $(RUNS) | grep -v -e '^=== ' -e '^ *tiny_test.go'

FUZZTIME ?= 30s
fuzz: ## fuzz every parser for FUZZTIME each (default 30s)
	scripts/fuzz.sh $(FUZZTIME)

histories: ## 10,000 random histories of the ledger, some of them on PostgreSQL too
	@scripts/deps.sh optional postgresql:pg_ctlcluster
	$(GO) test -count=1 -timeout 2h -run RandomHistories ./pool/ledger -histories 10000

e2e: e2e-harness e2e-monero ## every end-to-end test

e2e-harness: ## the harness starts, judges and ends the real pool; records and replays it
	$(GO) test -tags e2e -count=1 -timeout 15m -run 'TestHarness' ./e2e/

e2e-monero: build ## mine a private Monero chain with a real monerod and wallet
	@scripts/deps.sh required monero:monerod
	$(GO) test -tags e2e -count=1 -v -timeout 25m -run 'TestMonero' ./e2e/

clean: ## remove what the build made
	rm -rf bin
