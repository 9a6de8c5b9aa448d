"""Everything that persists: object stores, Zarr workspaces, publishing, catalogue, ledger."""
