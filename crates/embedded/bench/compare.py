#!/usr/bin/env python3
"""Compares the embedded runner with llama.cpp on the same file, engines alternating, and prints medians and ratios.

    pip install llama-cpp-python==0.3.36 numpy
    cargo build --release -p embedded --example speed
    bench/compare.py SPEED_BINARY MODEL_FILE [ROUNDS [THREADS]]    (5 rounds, and 1 and 2 threads, if not said)

Each measurement is a process of its own: a prompt of about 200 tokens, 128 greedy tokens, then four requests at once.
On a machine with other work, look at the ratios: both engines suffer, in turn.
"""

import ctypes
import json
import statistics
import subprocess
import sys
import time

PROMPT_TOKENS, OUTPUT_TOKENS, TOGETHER = 208, 128, 4


def llama(model_file, threads):
    """One round of llama.cpp, through its C interface."""
    import llama_cpp as c
    import numpy as np

    c.llama_backend_init()
    quiet = c.llama_log_callback(lambda *_: None)
    c.llama_log_set(quiet, ctypes.c_void_p(0))
    model = c.llama_model_load_from_file(model_file.encode(), c.llama_model_default_params())
    params = c.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_seq_max = 2048, 512, TOGETHER
    params.n_threads = params.n_threads_batch = threads
    context = c.llama_init_from_model(model, params)
    vocabulary = c.llama_vocab_n_tokens(c.llama_model_get_vocab(model))
    batch = c.llama_batch_init(512, 0, 1)

    def step(rows):
        """rows: (token, position, sequence, wants logits); the likeliest next token of each wanted row."""
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, wanted
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
        if c.llama_decode(context, batch) != 0:
            raise SystemExit("llama_decode failed")
        wanted = (i for i, row in enumerate(rows) if row[3])
        return [int(np.ctypeslib.as_array(c.llama_get_logits_ith(context, i), (vocabulary,)).argmax()) for i in wanted]

    prompt = [1 + i * 37 % 40000 for i in range(PROMPT_TOKENS)]

    def read(sequence):
        last = len(prompt) - 1
        return step([(token, i, sequence, i == last) for i, token in enumerate(prompt)])[0]

    step([(1, 0, 0, True)])  # warm
    c.llama_memory_clear(c.llama_get_memory(context), True)
    begun = time.perf_counter()
    token = read(0)
    first = time.perf_counter()
    for i in range(OUTPUT_TOKENS - 1):
        token = step([(token, PROMPT_TOKENS + i, 0, True)])[0]
    last = time.perf_counter()
    c.llama_memory_clear(c.llama_get_memory(context), True)
    tokens = [read(sequence) for sequence in range(TOGETHER)]
    batched = time.perf_counter()
    for i in range(OUTPUT_TOKENS - 1):
        tokens = step([(token, PROMPT_TOKENS + i, sequence, True) for sequence, token in enumerate(tokens)])
    end = time.perf_counter()
    return {
        "prefill": PROMPT_TOKENS / (first - begun),
        "decode": (OUTPUT_TOKENS - 1) / (last - first),
        "together": TOGETHER * (OUTPUT_TOKENS - 1) / (end - batched),
    }


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main():
    speed, model_file = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    for threads in [int(n) for n in sys.argv[4:5]] or [1, 2]:
        own, other = [], []
        for _ in range(rounds):
            own.append(run([speed, model_file, str(threads)]))
            other.append(run([sys.executable, __file__, "--llama", model_file, str(threads)]))
        print(f"{threads} thread(s), {own[0]['kernel']}, medians of {rounds} alternating rounds, tokens a second")
        for what in ("prefill", "decode", "together"):
            ours = statistics.median(r[what] for r in own)
            theirs = statistics.median(r[what] for r in other)
            ratio = statistics.median(a[what] / b[what] for a, b in zip(own, other))
            print(f"  {what:9} own {ours:7.1f}  llama.cpp {theirs:7.1f}  ratio {ratio:5.2f}")
        alone, together = (statistics.median(r[what] for r in own) for what in ("decode", "together"))
        print(f"  four together are {together / alone:.2f} times one; load {own[0]['load_ms']} ms")


if __name__ == "__main__":
    if sys.argv[1] == "--llama":
        print(json.dumps(llama(sys.argv[2], int(sys.argv[3]))))
    else:
        main()
