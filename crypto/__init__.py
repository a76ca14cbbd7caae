# SPDX-License-Identifier: EUPL-1.2
"""The cryptography of Meldkluis, as pure functions: no I/O, no clock; randomness from the operating system only.

What stands where (docs/protocol.md has every byte):

- `age`: age v1 files to post-quantum recipients; `hybrid`, `x25519`, `header`, `stream`, `armor`, `bech32` carry it.
- `receipt`: twelve words, and all that follows from them.
- `signed`: a payload with its signature; `roster`, `entry`, `message`, `card` and `proof` say what stands in it;
  `block`: the text that a card or a proof is carried as.
- `chain`: the log of a case, and who counts as an officer of it.
- `padding`, `attachment`: lengths hidden, and files in constant memory.
- `report`, `casework`: whole acts of reporter and officer; `bundle`: a report carried as one file.
- `encoding`, `limits`, `errors`: strict reading, shared sizes, one tree of errors.

Guarantees: whatever is read is refused unless it is exactly what a writer of this version makes; no exception of a
library and no input leaves in an error. Not guaranteed: erasing secrets from a Python process's memory.
"""
