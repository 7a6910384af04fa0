/** One tree of a page becomes another in place: nodes that are in both stay, and with them focus, scroll and open details. */

const OPEN = "open"; // a person opened it: the server does not know

/** Of the same kind and with the same id, or both without. */
function alike(one: ChildNode, other: ChildNode): boolean {
  return one.nodeName === other.nodeName && (one as Element).id === (other as Element).id;
}

export function become(old: Element, wanted: Element): void {
  for (const name of old.getAttributeNames()) if (name !== OPEN && !wanted.hasAttribute(name)) old.removeAttribute(name);
  for (const name of wanted.getAttributeNames()) {
    const value = wanted.getAttribute(name) ?? "";
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  let here: ChildNode | null = old.firstChild;
  for (const next of [...wanted.childNodes]) {
    let kept = here;
    while (kept && !alike(kept, next)) kept = kept.nextSibling;
    if (!kept) {
      old.insertBefore(next, here);
      continue;
    }
    while (here && here !== kept) {
      const gone: ChildNode = here;
      here = here.nextSibling;
      gone.remove();
    }
    here = kept.nextSibling;
    if (kept instanceof Element) become(kept, next as Element);
    else if (kept.nodeValue !== next.nodeValue) kept.nodeValue = next.nodeValue;
  }
  while (here) {
    const gone: ChildNode = here;
    here = here.nextSibling;
    gone.remove();
  }
}
