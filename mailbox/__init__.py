# SPDX-License-Identifier: EUPL-1.2
"""Cases, their log and their terms, and the store that keeps them.

- `desk` decides what the server accepts; `store` keeps it, encrypted and durable; `wire` is what server and
  workstation say to each other; `terms` is the law's arithmetic.
- Nothing here can read a report: it handles ciphertext, days, signatures and keyed hashes.
- The reporter's site and the officers' API call `desk`; the workstation uses `wire` and `terms` only.
"""
