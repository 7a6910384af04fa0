/** Small charts as SVG, drawn by script from numbers; each has its numbers as a table for those who do not see it. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export interface Dot {
  x: number;
  y: number;
  low?: number;
  high?: number;
}

const HEIGHT = 220;
const LEFT = 44;
const BOTTOM = 30;

/** A few round values between two bounds. */
export function ticks(low: number, high: number, most = 5): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => size >= raw) ?? raw;
  const out: number[] = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + 1e-9; value += step) out.push(Number(value.toPrecision(10)));
  return out.length < 2 && most < 20 ? ticks(low, high, most + 1) : out;
}

export function Chart(props: { title: string; dots: Dot[]; low?: number; high?: number; percent?: boolean; x: string }): JSX.Element {
  const { dots } = props;
  const room = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(420);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.max(220, Math.round(entry?.contentRect.width ?? 420))));
    if (room.current) watch.observe(room.current);
    return () => watch.disconnect();
  }, []);
  const lows = dots.map((dot) => dot.low ?? dot.y);
  const highs = dots.map((dot) => dot.high ?? dot.y);
  const bottom = props.low ?? Math.min(0, ...lows);
  const top = Math.max(props.high ?? -Infinity, ...highs, bottom + 1e-9);
  const first = Math.min(...dots.map((dot) => dot.x));
  const last = Math.max(...dots.map((dot) => dot.x));
  const across = width - LEFT - 12;
  const x = (value: number): number => LEFT + (last > first ? (value - first) / (last - first) : 0.5) * across;
  const y = (value: number): number => HEIGHT - BOTTOM - ((value - bottom) / (top - bottom)) * (HEIGHT - BOTTOM - 10);
  const shown = (value: number): string => (props.percent ? `${Math.round(value * 100)} %` : String(Number(value.toPrecision(3))));
  const point = (a: number, b: number): string => `${a.toFixed(1)},${b.toFixed(1)}`;
  const band = [...dots.map((dot) => point(x(dot.x), y(dot.high ?? dot.y))), ...[...dots].reverse().map((dot) => point(x(dot.x), y(dot.low ?? dot.y)))];
  const newest = dots[dots.length - 1];
  return (
    <figure class="chart" ref={room}>
      <figcaption>{props.title}</figcaption>
      <svg viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={`${props.title}; newest ${newest ? shown(newest.y) : "none"}`}>
        {ticks(bottom, top).map((value) => (
          <g key={value}>
            <line class="grid" x1={LEFT} x2={width - 12} y1={y(value)} y2={y(value)} />
            <text x={LEFT - 6} y={y(value) + 4} text-anchor="end">{shown(value)}</text>
          </g>
        ))}
        {ticks(first, last, Math.max(2, Math.floor(width / 90))).filter(Number.isInteger).map((value) => (
          <text key={value} x={x(value)} y={HEIGHT - 10} text-anchor={x(value) > width - 24 ? "end" : "middle"}>{value}</text>
        ))}
        {dots.length === 1 && newest && newest.low !== undefined && newest.high !== undefined && (
          <line class="whisker" x1={x(newest.x)} x2={x(newest.x)} y1={y(newest.low)} y2={y(newest.high)} />
        )}
        <polygon class="band" points={band.join(" ")} />
        <polyline class="line" points={dots.map((dot) => point(x(dot.x), y(dot.y))).join(" ")} />
        {newest && <circle class="dot-mark" cx={x(newest.x)} cy={y(newest.y)} r={4} />}
      </svg>
      <details>
        <summary>Numbers</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={`Numbers: ${props.title}`}>
          <table>
            <thead><tr><th scope="col">{props.x}</th><th scope="col">value</th><th scope="col">interval</th></tr></thead>
            <tbody>
              {dots.map((dot) => (
                <tr key={dot.x}>
                  <td>{dot.x}</td>
                  <td>{shown(dot.y)}</td>
                  <td>{dot.low === undefined || dot.high === undefined ? "–" : `${shown(dot.low)} to ${shown(dot.high)}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
