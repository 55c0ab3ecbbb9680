# Every target sets up what it needs: a virtual environment in .venv and, where a model is served,
# the model repository. `make help` lists the targets.

PYTHON ?= python3
# What users typed reaches the commands through the environment, never through the shell's eyes.
export EXPORT_OPTIONS MODEL PRECISION PROMPT SIZES SKIP_VERIFICATION TARGET TEXT_ENCODER TEXT_ENCODER_DEVICE

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := bin/pip install --quiet --disable-pip-version-check
INSTALL = $(VENV)/$(PIP_INSTALL) --constraint constraints.txt $(1) || { echo $(NO_INDEX); exit 1; }
NO_INDEX := "Installing needs internet access or a package index (PIP_INDEX_URL); run make again then."
PEERS := build/peers
CHECKED := ltx_triton export frontend ltx_command benchmarks demo examples tests
CODE := $(CHECKED) model_repository
PYTEST := $(BIN)/python -m pytest
PARALLEL := --numprocesses logical --maxprocesses 4 --dist loadgroup

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo serve doctor triton export up down logs train-demo quality examples bench check test test-fast test-faults lint format wheel clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/serve  ## Install what serving needs (no torch) into .venv

ifneq ($(and $(filter demo,$(MAKECMDGOALS)),$(PRECISION)),)
$(error make demo chooses the precision itself: leave out PRECISION, or give it to make export)
endif
demo: $(VENV)/$(if $(MODEL),export,serve)  ## Make a video through HTTP: PROMPT="...", and MODEL=2b (YES=1) for a real model
	$(strip $(BIN)/ltx-video demo $(if $(MODEL),--model "$$MODEL") $(if $(YES),--yes) $(if $(PROMPT),-- "$$PROMPT"))

serve: $(VENV)/serve  ## Serve the HTTP API on port 8000, with Triton behind it
	$(BIN)/ltx-video serve

doctor: $(VENV)/serve  ## Check what the service needs on this machine, and say what to do
	$(BIN)/ltx-video doctor

triton: $(VENV)/serve  ## Serve the models with the local Triton alone
	$(BIN)/python -m ltx_triton.launcher.local_triton

export: $(VENV)/export $(addprefix $(VENV)/,$(filter tensorrt tensorrt-rtx,$(TARGET)))  ## Export MODEL (folder, file or hub id): TARGET=tensorrt or tensorrt-rtx, PRECISION=, SIZES=, TEXT_ENCODER=, TEXT_ENCODER_DEVICE=, SKIP_VERIFICATION=1, EXPORT_OPTIONS="--help"
	$(BIN)/python -m export $(if $(MODEL),--model "$$MODEL") $(if $(TARGET),--target "$$TARGET") \
	  $(if $(PRECISION),--precision "$$PRECISION") $(if $(SIZES),--sizes "$$SIZES") \
	  $(if $(TEXT_ENCODER),--text-encoder "$$TEXT_ENCODER") \
	  $(if $(TEXT_ENCODER_DEVICE),--text-encoder-device "$$TEXT_ENCODER_DEVICE")

# PROFILE=gpu runs TensorRT engines, PROFILE=cpu engines in OpenVINO.
# Without it the environment decides, or else .env, which says gpu.
ifdef PROFILE
up logs: export COMPOSE_PROFILES := $(PROFILE)
endif
up: | build/model_repository  ## Build and start the containers; PROFILE=cpu for those that need no GPU
	docker compose up --build --detach

down:  ## Stop and remove the containers; videos and engines stay
	docker compose --profile '*' down

logs:  ## Follow the logs of the containers
	docker compose logs --follow

train-demo: $(VENV)/export  ## Train the demo checkpoint again: hours on two cores; resumes if interrupted
	@# Keep freed memory: the system takes long to clear the large attention scores of each step.
	MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=8000000000 \
	  $(BIN)/python -m demo.training demo/checkpoint
	$(BIN)/python -m export --model demo/checkpoint --name ltx-demo --output build/demo
	cd build/demo && cp --parents */1/model.onnx* ltx_video/1/*.json ltx_video/1/export.sha256 ../../demo/engines
	@echo "To serve it: make export MODEL=demo/checkpoint"

quality: $(VENV)/export repository  ## Score the demo checkpoint on held-out prompts, served and in diffusers, and at other sizes
	$(BIN)/python -m demo.evaluation
	$(BIN)/python -m demo.evaluation --reference demo/checkpoint
	$(BIN)/python -m demo.evaluation --width 672 --height 384 --count 100
	$(BIN)/python -m demo.evaluation --width 384 --height 672 --count 100
	for side in 128 256 320 384 448; do \
	  $(BIN)/python -m demo.evaluation --width $$side --height $$side --count 30 || exit 1; done

examples: $(VENV)/dev repository  ## Make the clips of the page and the README again
	$(BIN)/python -m demo.evaluation.examples

bench: $(VENV)/bench repository $(PEERS)/models/ready  ## Measure the service and its peers, write docs/performance.md: an hour or two
	$(BIN)/python -m benchmarks run
	$(BIN)/python -m benchmarks report

check: $(VENV)/dev  ## Check style and types and run the fast tests: what to do before every commit
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint test-fast

test: $(VENV)/dev  ## Run all tests
	$(PYTEST) $(PARALLEL) -m "not alone"
	$(PYTEST) -m alone || test $$? -eq 5  # pytest's exit code when none was selected

test-fast: $(VENV)/dev  ## Run the tests that need no Triton and no export
	$(PYTEST) $(PARALLEL) -m "not slow and not alone"

test-faults: $(VENV)/dev repository  ## Inject faults into a running service, write docs/reliability.md: an hour
	$(BIN)/python -m tests.faults

lint: $(VENV)/dev  ## Check style and types
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CHECKED)
	@# Each Triton model is a file of its own, all of the same name.
	for model in model_repository/*/1/model.py; do $(BIN)/mypy $$model || exit 1; done

format: $(VENV)/dev  ## Format the code
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

wheel: $(BIN)/python  ## Build a package for pip into dist, with the demo checkpoint in it
	rm -rf build/lib build/bdist.*  # setuptools would pack what lies there from earlier builds
	rm -f dist/*.whl
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

clean:  ## Remove the environment, engines, checkpoints and videos made here
	rm -rf $(VENV) build checkpoints dist engines outputs *.egg-info

build/model_repository:
	mkdir -p $@  # or docker does it, as root

# The demo checkpoint is served unless another has been exported.
.PHONY: repository
repository: $(VENV)/serve
	@$(BIN)/python -m ltx_triton.repository

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || \
	  { echo "Python 3.11 or 3.12 is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	         "Choose another: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/serve: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what serving needs ..."
	@$(call INSTALL,--editable .)
	@touch $@

$(VENV)/export: $(VENV)/serve
	@echo "Installing what exporting needs (torch, diffusers) ..."
	@$(call INSTALL,--editable '.[export]')
	@touch $@

$(VENV)/tensorrt: $(VENV)/serve
	@echo "Installing what reaches a GPU (cuda-python) ..."
	@$(call INSTALL,--editable '.[gpu]')
	@touch $@

$(VENV)/tensorrt-rtx: $(VENV)/serve
	@echo "Installing TensorRT-RTX ..."
	@$(call INSTALL,--editable '.[tensorrt-rtx]')
	@touch $@

$(VENV)/bench: $(VENV)/export
	@echo "Installing what benchmarks need (matplotlib) ..."
	@$(call INSTALL,--editable '.[bench]')
	@touch $@

$(PEERS)/optimum-intel/ready: benchmarks/peers/optimum-intel.txt | $(BIN)/python
	@echo "Installing a peer, Optimum Intel, into an environment of its own ..."
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/$(PIP_INSTALL) --constraint $< torch
	$(@D)/$(PIP_INSTALL) --no-deps --requirement $<
	@touch $@

$(PEERS)/openvino-genai/ready: benchmarks/peers/openvino-genai.txt | $(BIN)/python
	@echo "Installing a peer, OpenVINO GenAI, into an environment of its own ..."
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/$(PIP_INSTALL) --requirement $<
	@touch $@

$(PEERS)/models/ready: benchmarks/peers/convert.py $(PEERS)/optimum-intel/ready $(PEERS)/openvino-genai/ready
	@echo "Converting the demo checkpoint for the peers ..."
	rm -rf $(@D)
	$(PEERS)/optimum-intel/bin/python -m benchmarks.peers.convert demo/checkpoint $(@D)
	@touch $@

$(VENV)/dev: $(VENV)/bench
	@echo "Installing what testing needs ..."
	@$(call INSTALL,--editable '.[dev]')
	@touch $@
