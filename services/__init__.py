"""What runs beside the engines. A service imports neither the compiler nor the command line: it runs alone in a small image."""
