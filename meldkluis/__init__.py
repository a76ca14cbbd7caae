# SPDX-License-Identifier: EUPL-1.2
"""The import namespace: each room of the repository is linked here (docs/adr/0001)."""
