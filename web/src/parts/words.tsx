/** A text whose words can be chosen by mouse, touch and arrows: for spans and for reasons. */

import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { chosen, lengthOf, type Cursor, pieces, touched, wordsOf } from "../logic/words";
import type { Span } from "../types";

interface Props {
  text: string;
  spans: Span[];
  marks: [number, number][];
  cursor: Cursor;
  hues: Map<string, number>;
  move: (cursor: Cursor) => void;
  describe: string;
}

/** Code-point offset of a place in the drawn text. */
function offsetOf(node: Node | null, unit: number): number | null {
  const element = node instanceof Element ? node : node?.parentElement;
  const piece = element?.closest<HTMLElement>("[data-start]");
  if (!piece) return null;
  const before = node instanceof Text ? node.data.slice(0, unit) : unit > 0 ? (piece.textContent ?? "") : "";
  return Number(piece.dataset["start"]) + lengthOf(before);
}

export function Words(props: Props): JSX.Element {
  const root = useRef<HTMLDivElement>(null);
  const words = useMemo(() => wordsOf(props.text), [props.text]);
  const drawn = useMemo(
    () => pieces(props.text, words, props.spans, props.marks),
    [props.text, words, props.spans, props.marks],
  );
  const [first, last] = chosen(props.cursor);

  useEffect(() => {
    root.current?.querySelector(".at")?.scrollIntoView({ block: "nearest" });
  }, [props.cursor]);

  const chooseBySelection = (event: PointerEvent): void => {
    const selection = getSelection();
    if (selection && !selection.isCollapsed) {
      const a = offsetOf(selection.anchorNode, selection.anchorOffset);
      const b = offsetOf(selection.focusNode, selection.focusOffset);
      const found = a === null || b === null ? null : touched(words, Math.min(a, b), Math.max(a, b));
      if (found) {
        props.move({ anchor: found[0], at: found[1] });
        if (event.pointerType === "mouse") selection.removeAllRanges();
        return;
      }
    }
    const at = (event.target as Element).closest<HTMLElement>("[data-word]")?.dataset["word"];
    if (at === undefined) return;
    const index = Number(at);
    const extend = event.shiftKey || (event.pointerType === "touch" && first === last && index !== first);
    props.move({ anchor: extend ? props.cursor.anchor : index, at: index });
  };

  let start = 0;
  return (
    <div
      ref={root}
      class="words"
      role="application"
      tabIndex={0}
      aria-label={props.describe}
      onPointerUp={chooseBySelection}
    >
      {drawn.map((piece, index) => {
        const from = start;
        start += lengthOf(piece.text);
        const inside = piece.word !== null && first <= piece.word && piece.word <= last;
        const gap = piece.word === null && between(drawn[index - 1]?.word, drawn[index + 1]?.word, first, last);
        const names = ["piece"];
        if (piece.span) names.push("span", `hue-${(props.hues.get(piece.span[2]) ?? 0) % 8}`);
        if (piece.marked) names.push("marked");
        if (inside || gap) names.push("chosen");
        if (piece.word === props.cursor.at) names.push("at");
        const ends = piece.span !== null && piece.span[1] === start;
        return (
          <span
            key={index}
            class={names.join(" ")}
            data-start={from}
            data-word={piece.word ?? undefined}
            data-label={ends ? piece.span?.[2] : undefined}
          >
            {piece.text}
          </span>
        );
      })}
    </div>
  );
}

function between(a: number | null | undefined, b: number | null | undefined, first: number, last: number): boolean {
  return typeof a === "number" && typeof b === "number" && first <= a && b <= last;
}
