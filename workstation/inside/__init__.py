# SPDX-License-Identifier: EUPL-1.2
"""What runs inside the sandbox, under Debian's own Python: files in, pixels out.

- Nothing here is trusted by the host: whoever takes over a converter can write any bytes, and `pixels` reads them so.
- Standard library, Debian's python3-pil and mat2 only; of Meldkluis only `kinds` and `display` come along.
- There is no language here: the few words that are drawn come from the host.
"""
