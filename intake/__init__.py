# SPDX-License-Identifier: EUPL-1.2
"""The reporter's site: pages that work without a script, the door that encrypts on arrival, and the two APIs.

- Plaintext exists here only as an argument or a local value of one request; nothing of a request is logged or spooled.
- What is decided is decided in `meldkluis.mailbox.desk`; this room parses, makes one call, and renders.
"""
