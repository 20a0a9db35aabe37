"""What runs between the host and a generated program, in a process of its own.

The host starts it as a bare interpreter with the standard library only (``python -I -S``), so nothing here may import
anything else of this package, and nothing here ever runs in the host. It reads one job, puts the protections in place,
runs the program under a keeper, watches it, ends everything, and reports. Doing this in a script instead of a
``preexec_fn`` keeps it out of the host, whose threads (torch, vLLM) may hold any lock at the moment of a fork.

It starts for every run, so it also does without the standard library's slower modules (pathlib, dataclasses, typing).
"""
