"""What runs beside the engines. A service here imports neither the compiler nor the command line: it must run alone in a small image."""
