"""Plan to IR, one module an artefact. A resolved Plan compiles without faults."""
