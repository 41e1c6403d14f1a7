"""IR -> text, one emitter an artefact; no emitter decides policy and none imports another. `serialize` alone dumps YAML and JSON."""
