"""axe in a real browser: the rules of WCAG 2.1 A and AA that a page breaks at a width."""

WIDTHS = (1200, 390)  # pixels: a desktop, a phone
HEIGHT = 900
STANDARD = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


def violations(browser, address: str, *widths: int) -> list[str]:
    """The rules that the page breaks at each of `widths`, with the elements that do; folded parts are opened first."""
    from axe_playwright_python.sync_playwright import Axe

    page, broken = browser.new_page(), []
    try:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        for width in widths:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            found = Axe().run(page, options=STANDARD | {"resultTypes": ["violations"]}).response
            assert found["passes"], "axe looked at nothing"
            nodes = [(one["id"], node["html"][:120]) for one in found["violations"] for node in one["nodes"]]
            broken += [f"{rule} at {width}: {html}" for rule, html in nodes]
            if page.evaluate("document.documentElement.scrollWidth") > width:  # WCAG 1.4.10, which axe does not test
                broken.append(f"reflow at {width}: the page itself scrolls sideways")
    finally:
        page.close()
    return broken
