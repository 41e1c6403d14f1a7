"""What an application calls: databases, caches and other services. In: an engine, a pool or a client of the application. Out: metrics, and
spans in the trace of the request that runs. Each library is imported only where the application has it."""
