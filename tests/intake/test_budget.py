# SPDX-License-Identifier: EUPL-1.2
"""What the reporter's flow costs on a slow line: requests and bytes, heads included."""

from house import House, Page

KILOBYTE = 1000


def cost(page: Page) -> int:
    """Return the bytes of an answer with its head, as HTTP/1.1 sends them."""
    head = sum(len(name) + len(value) + 4 for name, value in page.headers.items())
    return len("HTTP/1.1 200 OK\r\n\r\n") + head + len(page.content)


def asset_cost(house: House, link: str) -> int:
    """Return the bytes of a static file as a browser gets it."""
    with house.client.stream("GET", link, headers={"accept-encoding": "gzip"}) as response:
        return cost(Page(response.status_code, response.headers, b"".join(response.iter_raw())))


def links(page: Page) -> set[str]:
    """Return what a browser fetches for a page."""
    found = {item.get("href") for item in page.all("link")} | {item.get("src") for item in page.all("img")}
    return {link for link in found | {item.get("src") for item in page.all("script")} if link}


def test_without_a_script(house: House) -> None:
    """From the start page to the receipt at most 6 requests and 60 kB."""
    for prefix in ("", "/en"):
        pages = [house.get(f"{prefix}/"), house.get(f"{prefix}/melden"), house.post(f"{prefix}/melden", house.fields())]
        fetched = {link for page in pages for link in links(page) if not link.endswith(".js")}

        assert [page.status for page in pages] == [200] * 3
        assert len(pages) + len(fetched) <= 6
        assert sum(map(cost, pages)) + sum(asset_cost(house, link) for link in fetched) <= 60 * KILOBYTE


def test_with_a_script(house: House) -> None:
    """With a script, its file and the keys: at most 10 requests and 130 kB, the answer to the report among them."""
    pages = [house.get("/"), house.get("/melden")]
    keys = house.client.get("/api/keys")
    fetched = {link for page in pages for link in links(page)}
    spent = sum(map(cost, pages)) + cost(Page(200, keys.headers, keys.content)) + 4 * KILOBYTE

    assert len(pages) + 2 + len(fetched) <= 10
    assert spent + sum(asset_cost(house, link) for link in fetched) <= 130 * KILOBYTE
