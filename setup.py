# SPDX-License-Identifier: BSD-2-Clause
"""The build steps that pyproject.toml cannot express; everything else stands there.

1. csrc/gen turns the API description (csrc/spec) into headers and tables, in build/generated.
2. The extension sel4emu._core: kernel core, gates' common part, monitor, Python binding.
3. What C programs are built with: sel4emu/include, and sel4emu/lib with one client library and one
   for root tasks for each kernel (classic, MCS). Kernel core, gate and client code lie in a text
   section of their own there, so that a fault inside them can be told from one of the program.

Sources are found by pattern, and only what changed is compiled again. Environment: CC names the
compiler, SEL4EMU_SANITIZE=address,undefined builds the extension with sanitizers, SEL4EMU_WERROR=1
makes warnings errors.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sysconfig import get_config_var, get_paths

from setuptools import Command, Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, PlatformError

BUILD = Path("build")
GENERATED = BUILD / "generated"
TEXT_SECTION = ".text.sel4emu"
PUBLIC = "sel4emu_*"  # what programs may see of the kernel core, gates and client code
# Every function in `.text`: GCC would put cold parts elsewhere.
ONE_TEXT = ["-fno-reorder-functions", "-fno-reorder-blocks-and-partition", "-fno-function-sections"]
COMMON = ["-std=gnu11", "-O2", "-g", "-Wall", "-Wextra"]
FREESTANDING = [
    "-fPIE",
    "-ffreestanding",
    "-fno-builtin",
    "-fno-stack-protector",
    "-mgeneral-regs-only",
]
# Root tasks: static programs that nobody relocates, without a libc.
ROOT = ["-ffreestanding", "-fno-pic", "-fno-stack-protector", "-ftls-model=local-exec"]
ROOT += ["-DSEL4EMU_ROOT"]
RUNNER_ADDRESS = "0x7fc000000000"  # in PML4 slot 255, which bare processes keep for the emulator
KERNELS = {"sel4emu": [], "sel4emu_mcs": ["-DSEL4EMU_MCS"]}  # library name: its flags


def sources(*folders: str) -> list[Path]:
    """Return the C and assembly files of some folders of csrc, in a fixed order."""
    found = [p for f in folders for s in ("*.c", "*.S") for p in (Path("csrc") / f).rglob(s)]
    return sorted(found)


def compiler() -> list[str]:
    """Return the C compiler to use, or say how to get one."""
    command = shlex.split(os.environ.get("CC") or str(get_config_var("CC") or "cc"))
    if shutil.which(command[0]) is None and "CC" not in os.environ:
        command = ["cc"]
    if shutil.which(command[0]) is None:
        raise PlatformError(
            f"the C compiler {command[0]!r} was not found; "
            "Debian and Ubuntu have it: apt-get install gcc libc6-dev python3-dev"
        )
    return command


def run(command: Iterable[str | Path]) -> None:
    """Run a tool; its own messages say what went wrong."""
    line = [str(part) for part in command]
    try:
        subprocess.run(line, check=True)
    except FileNotFoundError as error:
        raise PlatformError(
            f"{line[0]!r} was not found; Debian and Ubuntu have it: apt-get install gcc binutils"
        ) from error
    except subprocess.CalledProcessError as error:
        raise CompileError(f"{shlex.join(line)}: exit status {error.returncode}") from error


def is_current(target: Path) -> bool:
    """Tell whether an object is younger than all that its dependency file names."""
    depends = target.with_suffix(".d")
    if not target.is_file() or not depends.is_file():
        return False
    names = depends.read_text(encoding="utf-8").partition(":")[2].replace("\\\n", " ").split()
    made = target.stat().st_mtime_ns
    return all(Path(n).is_file() and Path(n).stat().st_mtime_ns < made for n in names)


def compile_changed(files: Iterable[Path], flags: list[str]) -> list[Path]:
    """Compile files with the same flags, in parallel; return their objects."""
    command = [*compiler(), *flags, *shlex.split(os.environ.get("CFLAGS", ""))]
    if os.environ.get("SEL4EMU_WERROR") == "1":
        command.append("-Werror")
    folder = BUILD / "objects" / hashlib.sha256(repr(command).encode()).hexdigest()[:12]
    pairs = [(file, folder / file.with_suffix(f"{file.suffix}.o")) for file in files]

    def compile_one(pair: tuple[Path, Path]) -> None:
        file, target = pair
        if not is_current(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            depends = target.with_suffix(".d")
            run([*command, "-MMD", "-MF", depends, "-c", file, "-o", target])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_one, pairs))
    return [target for _, target in pairs]


def include_flags(*folders: Path | str) -> list[str]:
    """Return -I options."""
    return [f"-I{folder}" for folder in folders]


def generate() -> None:
    """Write what follows from the API description; unchanged files are left alone."""
    run([sys.executable, "csrc/gen/generate.py", GENERATED])


def sanitizers() -> list[str]:
    """Return the options for SEL4EMU_SANITIZE."""
    names = os.environ.get("SEL4EMU_SANITIZE", "")
    if not names:
        return []
    return [f"-fsanitize={names}", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]


class BuildExtension(build_ext):
    """Compile the extension's objects ourselves, as only changed files need it."""

    def build_extension(self, ext: Extension) -> None:
        if ext.name == "sel4emu._core":
            python = [f"-I{get_paths()['include']}"]
            flags = [
                "-fPIC",
                "-fvisibility=hidden",
                *COMMON,
                *include_flags("csrc", GENERATED),
                *python,
                *sanitizers(),
            ]
            objects = compile_changed(sources("kernel", "gate", "host", "python"), flags)
            ext.extra_objects = [str(o) for o in objects]
            self.force = True  # linking is cheap, and another variant may lie there
            ext.extra_link_args = ["-pthread", *sanitizers()]
        super().build_extension(ext)


class BuildClient(Command):
    """Build what C programs need: headers, client libraries, pkg-config and CMake files."""

    description = "build the client library and install the headers"
    user_options = [("editable", None, "put the files into the checkout's own package")]
    boolean_options = ["editable"]

    def initialize_options(self) -> None:
        self.build_lib: str | None = None
        self.editable_mode = False
        self.editable = False

    def finalize_options(self) -> None:
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    @property
    def package(self) -> Path:
        """The package's folder: in the checkout for an editable install."""
        return (
            Path("sel4emu")
            if self.editable_mode or self.editable
            else Path(str(self.build_lib), "sel4emu")
        )

    def headers(self) -> dict[Path, Path]:
        """Map the name of every installed header to its source."""
        roots = [Path("csrc/libsel4/include"), GENERATED / "libsel4" / "include"]
        return {p.relative_to(r): p for r in roots for p in sorted(r.rglob("*.h"))}

    def libraries(self) -> None:
        """Build lib/libsel4emu.a and lib/libsel4emu_mcs.a."""
        inside = [*COMMON, *FREESTANDING, *ONE_TEXT, *include_flags("csrc", GENERATED)]
        core = compile_changed(sources("kernel", "gate"), inside)
        ours = [*sources("libsel4"), *sorted((GENERATED / "libsel4").glob("*.c"))]
        public = include_flags("csrc/libsel4/include", GENERATED / "libsel4" / "include")
        for name, extra in KERNELS.items():
            client = compile_changed(sources("client"), [*inside, *public, *extra])
            library = compile_changed(ours, ["-fPIE", *COMMON, *public, *extra])
            whole = BUILD / f"{name}.o"
            run(["ld", "-r", "-o", whole, *core, *client])
            rename = f".text={TEXT_SECTION}"
            run(
                [
                    "objcopy",
                    "-w",
                    f"--keep-global-symbol={PUBLIC}",
                    "--rename-section",
                    rename,
                    whole,
                ]
            )
            archive = self.created(self.package / "lib" / f"lib{name}.a")
            archive.unlink(missing_ok=True)
            run(["ar", "rcsD", archive, whole, *library])

    def root_libraries(self) -> None:
        """Build lib/libsel4emu_root.a and lib/libsel4emu_root_mcs.a, for root tasks."""
        public = include_flags("csrc/libsel4/include", GENERATED / "libsel4" / "include")
        ours = [p for p in sources("libsel4") if p.name != "sel4runtime.c"]  # hosted programs'
        ours += [*sources("root"), *sorted((GENERATED / "libsel4").glob("*.c"))]
        own = [Path("csrc/client/string.c")]  # weak: a program may bring its own
        for extra in KERNELS.values():
            objects = compile_changed(ours, [*COMMON, *ROOT, *public, *extra])
            for memory in compile_changed(own, [*COMMON, *ROOT, *extra]):
                objects.append(memory.with_name("weak.o"))
                run(["objcopy", "--weaken", memory, objects[-1]])
            name = "libsel4emu_root_mcs.a" if extra else "libsel4emu_root.a"
            archive = self.created(self.package / "lib" / name)
            archive.unlink(missing_ok=True)
            run(["ar", "rcsD", archive, *objects])
        script = self.created(self.package / "lib" / "sel4emu-root.lds")
        self.copy_file("csrc/root/root.lds", str(script))

    def runner(self) -> None:
        """Build lib/sel4emu-runner, which becomes the process of a VSpace made by seL4 calls."""
        inside = [*COMMON, *FREESTANDING, *ONE_TEXT, *include_flags("csrc", GENERATED)]
        shared = [p for p in sources("client") if p.parent.name == "client"]
        objects = compile_changed([*sources("kernel", "gate", "runner"), *shared], inside)
        place = ["-static", "-nostdlib", "-no-pie", f"-Wl,-Ttext-segment={RUNNER_ADDRESS}"]
        target = self.created(self.package / "lib" / "sel4emu-runner")
        run([*compiler(), *place, "-Wl,-z,noexecstack", "-o", target, *objects])

    def templates(self) -> dict[Path, Path]:
        """Map the name of each pkg-config and CMake file to its template."""
        found = sorted(Path("csrc/package").glob("*.in"))
        folders = {".pc": Path("lib/pkgconfig"), ".cmake": Path("lib/cmake/sel4emu")}
        return {folders[p.with_suffix("").suffix] / p.with_suffix("").name: p for p in found}

    def modules(self) -> dict[Path, Path]:
        """Map the name of each generated Python module to its source."""
        root = GENERATED / "sel4emu"
        return {p.relative_to(root): p for p in sorted(root.rglob("*.py"))}

    def run(self) -> None:
        shutil.rmtree(self.package / "include", ignore_errors=True)
        for name, source in self.headers().items():
            self.copy_file(str(source), str(self.created(self.package / "include" / name)))
        for name, source in self.modules().items():
            self.copy_file(str(source), str(self.created(self.package / name)))
        self.libraries()
        self.root_libraries()
        self.runner()
        for name, template in self.templates().items():
            text = template.read_text(encoding="utf-8")
            text = re.sub("@VERSION@", self.distribution.get_version(), text)
            self.created(self.package / name).write_text(text, encoding="utf-8")

    @staticmethod
    def created(path: Path) -> Path:
        """Return the path, its folder made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def get_outputs(self) -> list[str]:
        names = [Path("include") / h for h in self.headers()] + list(self.templates())
        names += list(self.modules())
        names += [Path("lib") / f"lib{name}.a" for name in KERNELS]
        names += [Path("lib") / f"libsel4emu_root{mcs}.a" for mcs in ("", "_mcs")]
        names += [Path("lib") / "sel4emu-runner", Path("lib") / "sel4emu-root.lds"]
        return [str(self.package / name) for name in names]

    def get_output_mapping(self) -> dict[str, str]:
        return {}

    def get_source_files(self) -> list[str]:
        return [str(p) for p in Path("csrc").rglob("*") if p.is_file()]


class Build(build):
    sub_commands = [*build.sub_commands, ("build_client", None)]

    def run(self) -> None:
        shutil.rmtree(Path(self.build_lib) / "sel4emu", ignore_errors=True)  # files since deleted
        super().run()


generate()
setup(
    cmdclass={"build": Build, "build_ext": BuildExtension, "build_client": BuildClient},
    ext_modules=[Extension("sel4emu._core", sources=[], py_limited_api=True)],
    cffi_modules=[f"sel4emu/_capi_build.py:{b}" for b in ("ffibuilder", "ffibuilder_mcs")],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
