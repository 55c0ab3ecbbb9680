"""OpenAI's Videos API on the same jobs: the contract that its SDK, LiteLLM and AIPerf speak."""
