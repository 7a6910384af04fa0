/** A small and safe part of Markdown as a tree: headings, lists, paragraphs, **bold**, *slant*, `code`. No HTML, no links. */

export type Inline = { kind: "text" | "bold" | "slant" | "code"; text: string };
export type Block =
  | { kind: "heading"; level: 3 | 4; parts: Inline[] }
  | { kind: "paragraph"; parts: Inline[] }
  | { kind: "list"; ordered: boolean; items: Inline[][] };

export function inline(text: string): Inline[] {
  const out: Inline[] = [];
  let at = 0;
  for (const found of text.matchAll(/\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|`([^`]+)`/g)) {
    if (found.index > at) out.push({ kind: "text", text: text.slice(at, found.index) });
    const [whole, bold, slant, code] = found;
    if (bold !== undefined) out.push({ kind: "bold", text: bold });
    else if (slant !== undefined) out.push({ kind: "slant", text: slant });
    else out.push({ kind: "code", text: code ?? "" });
    at = found.index + whole.length;
  }
  if (at < text.length) out.push({ kind: "text", text: text.slice(at) });
  return out;
}

export function blocks(source: string): Block[] {
  const out: Block[] = [];
  let lines: string[] = [];
  const close = (): void => {
    if (lines.length > 0) out.push({ kind: "paragraph", parts: inline(lines.join(" ")) });
    lines = [];
  };
  for (const raw of source.split(/\r?\n/)) {
    const line = raw.trim();
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    const item = /^(?:([-*+])|\d+[.)])\s+(.*)$/.exec(line);
    if (!line) close();
    else if (heading) {
      close();
      out.push({ kind: "heading", level: (heading[1]?.length ?? 1) < 3 ? 3 : 4, parts: inline(heading[2] ?? "") });
    } else if (item) {
      close();
      const ordered = item[1] === undefined;
      const last = out[out.length - 1];
      if (last?.kind === "list" && last.ordered === ordered) last.items.push(inline(item[2] ?? ""));
      else out.push({ kind: "list", ordered, items: [inline(item[2] ?? "")] });
    } else lines.push(line);
  }
  close();
  return out;
}
