# SPDX-License-Identifier: EUPL-1.2
"""Run every fuzz target for a while, as many at a time as there are cores.

- A target is a script `tests/fuzz/fuzz_*.py` that hands a parser to atheris and takes libFuzzer's options.
- Fails when a target crashes, hangs on one input for ten seconds, or runs nothing at all.
- What made a target crash is left in `.fuzz/NAME/`; nothing else is.
"""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ROOT / "tests" / "fuzz"


def fuzz(script: Path, seconds: int) -> tuple[str, bool, str]:
    """Run one target: its name, whether it held, and the last lines it wrote."""
    findings = ROOT / ".fuzz" / script.stem
    findings.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]
    done = subprocess.run(
        [sys.executable, str(script), *options, f"-artifact_prefix={findings}/"],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds * 3 + 120,
        text=True,
        errors="replace",
    )
    ran = re.search(r"stat::number_of_executed_units:\s*([1-9]\d*)", done.stdout)
    held = done.returncode == 0 and ran is not None
    if held and not any(findings.iterdir()):
        findings.rmdir()
    count = ran.group(1) if ran else "0"
    return f"{script.stem}: {count} inputs", held, "\n".join(done.stdout.splitlines()[-40:])


def main() -> int:
    """Fuzz all targets; the exit code counts those that did not hold."""
    parser = argparse.ArgumentParser(description="Fuzz every parser.")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("only", nargs="*", help="names of targets; all when none is given")
    options = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("NOT FUZZED: atheris has no wheel for this Python or machine (it has for 3.11 to 3.13 on x86-64 Linux).")
        return 1 if os.environ.get("CI") else 0
    scripts = [path for path in sorted(TARGETS.glob("fuzz_*.py")) if not options.only or path.stem in options.only]
    if not scripts:
        print("NOT FUZZED: no target found.")
        return 1
    failures = 0
    with ThreadPoolExecutor(max_workers=min(len(scripts), os.cpu_count() or 1)) as pool:
        for name, held, tail in pool.map(lambda script: fuzz(script, options.seconds), scripts):
            print(f"{'held  ' if held else 'FAILED'} {name}", flush=True)
            if not held:
                failures += 1
                print(tail, flush=True)
    return min(failures, 100)


if __name__ == "__main__":
    sys.exit(main())
