# SPDX-License-Identifier: EUPL-1.2
"""The workstation: an officer's own application, on a machine kept for this.

- It alone holds secret keys of officers; whatever comes from the server is checked before anything is believed.
- What was read stays in a vault that opens with a passphrase, and on the screen; files leave it on demand only.
- It imports `crypto`, and of `mailbox` only what is pure (wire, terms) and the clock: never the server's store.

| module | what it is |
| --- | --- |
| `passphrase` | words and Argon2id |
| `vault`, `schema`, `keyring`, `casebook`, `register` | what is kept, encrypted |
| `client` | signed requests to the officers' API |
| `trust` | rosters, anchor and intake keys, checked |
| `sync`, `caselogs`, `casefiles` | fetching: a round, a case's log and files, checked; alarms |
| `watch` | whether the server does by itself what it has to |
| `ending`, `keyends` | what comes to its end here: cases, contact details, intake keys |
| `casekeys`, `dossier` | one case opened: its keys, timeline, messages, attachments |
| `handling`, `summary` | how a case stands, and its line in the list |
| `acts`, `deciding` | what the officer does in a case, and decides about it |
| `alarms` | what does not hold, kept and put in words |
| `app`, `guard`, `pages_*`, `casepage`, `render` | the local application in the browser |
| `cli` | `init`, `run`, `pull`, `decrypt` |
"""
