# Builds, tests and installs Medusa. `make` builds the three programs where their sources are;
# `make help` lists the rest. Every folder with sources also has a Makefile that works alone.
#
# CC, CFLAGS and LDFLAGS reach every compilation, from the command line or the environment.
# SAN=1 builds and tests the programs with sanitizers, under names of their own.

comma := ,
PREFIX ?= /usr/local
BINDIR = $(DESTDIR)$(PREFIX)/bin
MANDIR = $(DESTDIR)$(PREFIX)/share/man
UNITDIR = $(DESTDIR)$(PREFIX)/lib/systemd/system
COMPLETIONDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions

# Unless other flags are asked for, programs are hardened: checked copies, guarded stacks, nothing at
# a fixed address, no table of functions that can be overwritten. The last flag leaves out tables
# for exceptions, which C has not; the last word packs relocations where linker and libc can.
ifeq ($(SAN)$(origin CFLAGS)$(origin LDFLAGS),undefinedundefined)
CFLAGS := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -fno-asynchronous-unwind-tables
ifeq ($(shell uname -s),Linux)
RELR := -z,pack-relative-relocs
CAN_PACK := $(shell t=$$(mktemp) && echo 'int main(void) { return 0; }' | \
	$(CC) -x c -fPIE -pie -Wl,$(RELR) -o $$t - 2>/dev/null && $$t && echo yes; rm -f $$t)
LDFLAGS := -pie -Wl,-z,relro,-z,now$(if $(CAN_PACK),$(comma)$(RELR))
endif
export CFLAGS LDFLAGS
endif

PROGRAMS := final client bench
STAGES := $(patsubst %/Makefile,%,$(sort $(wildcard stages/*/Makefile)))
SERVERS := $(STAGES) final

# STAGE takes a number (4, 04), a name (04-ttl), a folder (stages/04-ttl), final, or several.
CHOSEN := $(if $(STAGE),$(foreach s,$(STAGE:%/=%),\
	$(filter $s stages/$s stages/$s-% stages/0$s-%,$(SERVERS))),$(SERVERS))

C_FILES = $(wildcard $(addsuffix /*.[ch],$(PROGRAMS) tests/unit tests/fuzz $(STAGES)))

all: $(PROGRAMS) ## build final/medusa, client/medusa-client and bench/medusa-benchmark

run: final ## build and start the server; ARGS="--port 4000" sets its flags
	exec final/medusa $(ARGS)

stages: $(STAGES) ## build every stages/NN-name/medusa

$(PROGRAMS) $(STAGES):
	@$(MAKE) --no-print-directory -C $@

# The tests mostly wait, so several runs go on at once; JOBS=1 shows one after the other, live, as
# one server alone does.
test: client bench $(CHOSEN) ## test every server; STAGE=04 one, T=test_store one file, ARGS=-x
	$(if $(strip $(CHOSEN)),,$(error there is no stage '$(STAGE)': STAGE is final or one of \
		$(STAGES:stages/%=%)))
	@python3 tools/suite.py $(if $(SAN),--sanitized) --file '$(T)' \
		--jobs '$(or $(JOBS),$(if $(word 2,$(CHOSEN)),4,1))' $(CHOSEN) -- $(ARGS)

unit: ## run the unit tests of the modules of final/
	@$(MAKE) --no-print-directory -C tests/unit run

check: ## run all that a change has to pass: warnings, style, tests, sanitizers
	.ci/run --no-install

check-all: ## the same with the long forms of the checks
	.ci/run --no-install --full

diff: ## show what a stage changed: N=06 against 05, N=final against the last
	@tools/diff-stage '$(N)'

soak: final ## press the server in every way and check all replies; SECONDS=60, 30 minutes if unset
	@tools/soak $(SECONDS) $(ARGS)

measure: all stages ## measure every server and write the figures into the book; ARGS="--rounds 5"
	@tools/measure $(ARGS)
	@tools/learning-path

check-mine: ## check your own server: STAGE=04 SERVER=./mine; ARGS=--all goes on after failures
	@tools/check-mine '$(STAGE)' '$(SERVER)' $(ARGS)

exercise: client bench ## try an exercise: N=04-2, N=all, or on your own server with SERVER=./mine
	@tools/exercise '$(N)' $(if $(SERVER),--server '$(SERVER)') $(ARGS)

book: ## build the book as a web site, in site/; it needs mkdocs-material
	@tools/book $(ARGS)

format: ## lay out every C file as .clang-format says
	clang-format -i $(C_FILES)

install: all ## copy programs, manual pages and the rest to PREFIX (/usr/local), below DESTDIR
	install -d '$(BINDIR)' '$(MANDIR)/man1' '$(MANDIR)/man8' '$(UNITDIR)' '$(COMPLETIONDIR)'
	install -m 755 final/medusa client/medusa-client bench/medusa-benchmark '$(BINDIR)'
	install -m 644 docs/man/medusa-client.1 docs/man/medusa-benchmark.1 '$(MANDIR)/man1'
	install -m 644 docs/man/medusa.8 '$(MANDIR)/man8'
	sed 's|@BINDIR@|$(PREFIX)/bin|' tools/packaging/medusa.service.in >'$(UNITDIR)/medusa.service'
	chmod 644 '$(UNITDIR)/medusa.service'
	install -m 644 tools/packaging/medusa-completion.bash '$(COMPLETIONDIR)/medusa'
	ln -sf medusa '$(COMPLETIONDIR)/medusa-client'
	ln -sf medusa '$(COMPLETIONDIR)/medusa-benchmark'

uninstall: ## remove what install has copied
	rm -f '$(BINDIR)/medusa' '$(BINDIR)/medusa-client' '$(BINDIR)/medusa-benchmark'
	rm -f '$(MANDIR)/man1/medusa-client.1' '$(MANDIR)/man1/medusa-benchmark.1'
	rm -f '$(MANDIR)/man8/medusa.8' '$(UNITDIR)/medusa.service' '$(COMPLETIONDIR)/medusa'
	rm -f '$(COMPLETIONDIR)/medusa-client' '$(COMPLETIONDIR)/medusa-benchmark'

clean: ## remove everything that was built
	@for folder in $(PROGRAMS) $(STAGES) tests/unit; do \
		$(MAKE) --no-print-directory -C $$folder clean || exit 1; \
	done
	rm -rf .pytest_cache tests/__pycache__ tools/__pycache__ site
	rm -rf tests/fuzz/build tests/faults/build tests/clients/build

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

.PHONY: all run stages test unit check check-all soak diff measure check-mine exercise book format \
	install uninstall clean help \
	$(PROGRAMS) $(STAGES)
