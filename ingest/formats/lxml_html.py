"""HTML as a tree: what a reader of the page would read of it, and nothing else."""

import re
from typing import Any

import lxml.etree
import lxml.html

from ingest.formats import htmltomarkdown_writer
from ingest.formats.parsed import Parsed
from ingest.formats.text import marked, tidy
from wire.errors import MalformedError

META_BYTES = 2048
"""How far into a page its character set may be named; browsers look at 1024."""
_META = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_NEVER_READ = (
    "//script | //style | //template | //noscript | //nav | //iframe | //object | //embed | //svg | //canvas"
    " | //button | //input | //select | //textarea | //dialog[not(@open)] | //head/* | //comment()"
    " | //*[@hidden] | //*[@aria-hidden='true']"
    " | //*[@role='navigation' or @role='search' or @role='banner' or @role='contentinfo']"
    " | //a[contains(@class, 'headerlink') or normalize-space()='\u00b6']"
)
_MAIN = "//main | //*[@role='main'] | //div[@id='main-content']"
"""The last is Confluence's, around whose content are a trail of pages and when it was exported."""
_AROUND = "//header[not(.//h1)] | //footer | //aside"
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:(?:language|lang|highlight|highlight-source)-|code\s+(?!literal|panel))([\w+#-]+)"
)
_EMBEDDED = re.compile(r"data:[a-z]+/[\w.+-]+;base64,[A-Za-z0-9+/=]+")
"""A picture in the page itself: more than a tree takes, and nobody reads it."""
_BLANK = re.compile(r"[\x00-\x20]+")
_LINKED = ("http:", "https:", "mailto:", "tel:")


def read(body: bytes, *, charset: str | None) -> Parsed:
    """A page's main content, and its title.

    Raises:
        MalformedError: it is nested too deep to be read whole.
    """
    markup = _EMBEDDED.sub("data:", _decoded(body, charset))
    # As UTF-8 again, because text that names an encoding is refused.
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True)
    try:
        page = lxml.html.document_fromstring(markup.encode(errors="replace"), parser=parser)
    except lxml.etree.ParserError:
        page = None
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        # The rest is left out without another word.
        raise MalformedError("the page is nested too deep, or one text in it is too long", field="body")
    if page is None:
        return Parsed("")
    title = " ".join((page.findtext(".//title") or "").split()) or None
    return Parsed(_markdown(page), title=title)


def _decoded(body: bytes, charset: str | None) -> str:
    named = _META.search(body[:META_BYTES])
    name = marked(body) or charset or (named[1].decode() if named else "utf-8")
    try:
        return tidy(body.decode(name))
    except (ValueError, LookupError):
        # As browsers do with a page that says nothing true of itself.
        return tidy(body.decode("windows-1252", errors="replace"))


def _markdown(page: Any) -> str:
    hidden = [element for element in page.xpath("//*[@style]") if _HIDDEN.search(element.get("style"))]
    _drop([*page.xpath(_NEVER_READ), *hidden])
    main = [each for each in page.xpath(_MAIN) if each.text_content().strip()]
    main = main or _only(page.xpath("//article"))
    if main:
        content = main[0]
    else:
        _drop(page.xpath(_AROUND))
        content = page
    for picture in content.xpath(".//img"):
        picture.tag, picture.text = "span", picture.get("alt", "")
        picture.attrib.clear()
    for code in content.xpath(".//pre"):
        _flatten(code)
    for link in content.xpath(".//a[@href]"):
        # As browsers take it, to which "java\nscript:" is one word.
        target = _BLANK.sub("", link.get("href")).lower()
        scheme = re.match(r"[a-z][a-z0-9+.-]*:", target)
        if target.startswith("#") or (scheme and scheme[0] not in _LINKED):
            del link.attrib["href"]
    return htmltomarkdown_writer.write(lxml.html.tostring(content, encoding="unicode", with_tail=False))


def _only(elements: list[Any]) -> list[Any]:
    return elements if len(elements) == 1 else []


def _drop(elements: list[Any]) -> None:
    for element in elements:
        if element.getparent() is not None:
            element.drop_tree()


def _flatten(pre: Any) -> None:
    """A highlighter's spans are no code; the language is."""
    around = (pre, *pre.iterfind("code"), pre.getparent(), pre.getparent().getparent())
    classes = [element.get("class", "") for element in around if element is not None]
    language = next((found[1] for each in classes if (found := _LANGUAGE.search(each))), None)
    for line_break in pre.iter("br"):
        line_break.tail = f"\n{line_break.tail or ''}"
    text = pre.text_content()
    for child in list(pre):
        pre.remove(child)
    pre.text = None
    code = lxml.etree.SubElement(pre, "code")
    code.text = text
    if language and language != "default":
        code.set("class", f"language-{language}")
