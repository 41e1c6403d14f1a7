"""The operations, one module a noun. In: requests. Out: the bodies of schemas.py; faults as HTTP statuses."""
