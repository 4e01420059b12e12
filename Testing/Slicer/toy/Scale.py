#!/usr/bin/env python-real
"""A small CLI module, by which the host itself is tested: scales a volume, slowly."""

import subprocess
import sys
import time


def main() -> int:
    options = dict(zip(sys.argv[1:-2:2], sys.argv[2:-2:2], strict=True))
    source, target = sys.argv[-2:]
    factor, rounds = float(options["--factor"]), int(options["--rounds"])
    if factor > 5:
        print("Scale: the factor must be at most 5.", file=sys.stderr)
        return 2
    print("scaling", flush=True)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    for done in range(rounds):
        print(f"<filter-progress>{(done + 1) / rounds}</filter-progress>", flush=True)
        print(f"<filter-comment>round {done + 1}</filter-comment>", flush=True)
        print("<filter-stage-progress>0.5</filter-stage-progress>", flush=True)
        time.sleep(0.15)
    child.kill()
    import SimpleITK as sitk

    image = sitk.ReadImage(source) * factor
    sitk.WriteImage(image, target)
    with open(options["--returnparameterfile"], "w", encoding="utf-8") as file:
        file.write(f"maximum = {sitk.GetArrayViewFromImage(image).max()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
