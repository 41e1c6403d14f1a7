"""The hands: what was built goes to what runs. Deploy, verify, drills, the real engines, and the `touchline` command line."""
