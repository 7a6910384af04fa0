/** Labels found by typing. Pure. */

/** The label buttons that a typed text leaves, as places in the list: names that are it, then names that begin with it,
 * then those with a word that does, then those that hold it. Capitals and accents make no difference. */
export function found(names: string[], typed: string): number[] {
  const text = plain(typed);
  const rank = (name: string): number => {
    if (name === text) return 0;
    if (name.startsWith(text)) return 1;
    const at = name.indexOf(text);
    if (at < 0) return 4;
    return name.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(text)) ? 2 : 3;
  };
  const ranks = names.map((name, index) => ({ index, rank: text ? rank(plain(name)) : 0 }));
  return ranks.filter((one) => one.rank < 4).sort((a, b) => a.rank - b.rank).map((one) => one.index);
}

function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}
