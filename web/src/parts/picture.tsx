/** A picture on which a reason can be marked: rectangles and a brush, by mouse, touch and arrows. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Box, Item, Point } from "../types";

interface Props {
  item: Item;
  source: string;
  marking: boolean;
  brush: boolean;
  boxes: Box[];
  strokes: Point[][];
  frame: Box | null;
  addBox: (box: Box) => void;
  addStroke: (stroke: Point[]) => void;
}

const round = (x: number): number => Math.round(x * 10_000) / 10_000;

export function boxOf(a: Point, b: Point): Box {
  return [
    round(Math.min(a[0], b[0])),
    round(Math.min(a[1], b[1])),
    round(Math.abs(a[0] - b[0])),
    round(Math.abs(a[1] - b[1])),
  ];
}

export function Picture(props: Props): JSX.Element {
  const layer = useRef<SVGSVGElement>(null);
  const [trail, setTrail] = useState<Point[]>([]);
  const { item } = props;
  const small = (item.width ?? 999) <= 96 && (item.height ?? 999) <= 96;

  const place = (event: PointerEvent): Point => {
    const area = layer.current?.getBoundingClientRect();
    if (!area || area.width === 0 || area.height === 0) return [0, 0];
    const x = (event.clientX - area.left) / area.width;
    const y = (event.clientY - area.top) / area.height;
    return [round(Math.max(0, Math.min(1, x))), round(Math.max(0, Math.min(1, y)))];
  };
  const down = (event: PointerEvent): void => {
    if (!props.marking || event.button !== 0) return;
    layer.current?.setPointerCapture(event.pointerId);
    setTrail([place(event)]);
  };
  const move = (event: PointerEvent): void => {
    if (trail.length > 0) setTrail(props.brush ? [...trail, place(event)] : [trail[0] ?? [0, 0], place(event)]);
  };
  const up = (): void => {
    const [from] = trail;
    const to = trail[trail.length - 1];
    setTrail([]);
    if (!from || !to || trail.length < 2) return;
    if (props.brush) return props.addStroke(trail);
    const box = boxOf(from, to);
    if (box[2] > 0.005 && box[3] > 0.005) props.addBox(box);
  };
  const live = trail.length > 1 && trail[0] ? boxOf(trail[0], trail[trail.length - 1] ?? trail[0]) : null;
  const ratio = item.width && item.height ? item.width / item.height : null;

  return (
    <div class={small ? "picture small" : "picture"}>
      <div class="picture-fit" style={ratio ? { "--ratio": String(ratio) } : {}}>
        <img src={props.source} alt={`Item ${item.id}`} width={item.width ?? undefined} height={item.height ?? undefined} />
        <svg
          ref={layer}
          class={props.marking ? "layer marking" : "layer"}
          viewBox="0 0 1 1"
          preserveAspectRatio="none"
          aria-hidden="true"
          onPointerDown={down}
          onPointerMove={move}
          onPointerUp={up}
          onPointerCancel={() => setTrail([])}
        >
          {[...props.boxes, ...(live && !props.brush ? [live] : [])].map((box, index) => (
            <rect key={index} class="mark" x={box[0]} y={box[1]} width={box[2]} height={box[3]} />
          ))}
          {[...props.strokes, ...(props.brush && trail.length > 1 ? [trail] : [])].map((stroke, index) => (
            <polyline key={index} class="stroke" points={stroke.map((point) => point.join(",")).join(" ")} />
          ))}
          {props.frame && (
            <rect
              class="mark frame"
              x={props.frame[0]}
              y={props.frame[1]}
              width={props.frame[2]}
              height={props.frame[3]}
            />
          )}
        </svg>
      </div>
    </div>
  );
}
