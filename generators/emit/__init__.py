"""Intermediate representation in, text of files out: one module an artefact, `emit(ir) -> {relative path: text}`. Decides no
policy. Emitters import ir, conventions and fault, and of each other only `serialize`."""
