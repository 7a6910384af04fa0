/** Something asked from the server: the thing, the fault, and a way to ask again. */

import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiFault } from "../api";

export interface Loaded<T> {
  thing: T | null;
  fault: ApiFault | null;
  again: () => void;
}

export function asFault(problem: unknown): ApiFault {
  return problem instanceof ApiFault ? problem : new ApiFault(0, "", String(problem));
}

export function useLoaded<T>(ask: () => Promise<T>): Loaded<T> {
  const [thing, setThing] = useState<T | null>(null);
  const [fault, setFault] = useState<ApiFault | null>(null);
  const again = useCallback(() => {
    ask().then(
      (got) => {
        setThing(got);
        setFault(null);
      },
      (problem: unknown) => setFault(asFault(problem)),
    );
  }, []);
  useEffect(again, [again]);
  return { thing, fault, again };
}
